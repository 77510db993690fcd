from deco import retry
@retry(3, ["a"])
def f(x): return ("old", x)
@retry(1, ["z"])
def g(x): return ("old g", x)
