registry = {}
def retry(times, names):
    def outer(fn):
        calls = {}
        def inner(*args):
            calls[args] = calls.get(args, 0) + 1
            return (fn(*args), times, list(names), calls[args])
        registry[fn.__name__] = inner
        return inner
    return outer
