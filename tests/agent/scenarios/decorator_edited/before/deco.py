import functools
def loud(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        return ("old", fn(*args))
    return wrapper
def times(n):
    def outer(fn):
        def inner(*args):
            return [fn(*args)] * n
        return inner
    return outer
