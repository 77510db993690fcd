def counter():
    n = 0
    def step():
        nonlocal n
        n += 1
        return ("old", n)
    def reset():
        nonlocal n
        n = 0
    return step, reset
def adder(k):
    return lambda v: ("old", v + k)
class Maker:
    def make(self):
        def inner(): return ("old", self)
        return inner
