from deco import retry
@retry(5, ["a", "b"])
def f(x): return ("new", x)
@retry(1, ["z"])
def g(x): return ("new g", x)
