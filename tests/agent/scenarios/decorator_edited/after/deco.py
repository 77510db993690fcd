import functools
def loud(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        return ("new", fn(*args))
    return wrapper
def times(n):
    def outer(fn):
        def inner(*args):
            return ("new", [fn(*args)] * n)
        return inner
    return outer
