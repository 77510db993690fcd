def counter():
    n = 0
    def step():
        nonlocal n
        n += 10
        return ("new", n)
    def reset():
        nonlocal n
        n = 100
    return step, reset
def adder(k):
    return lambda v: ("new", v + k)
class Maker:
    def make(self):
        def inner(): return ("new", self)
        return inner
