def f(x: float, y: "list" = None, *, k: str = "b") -> float:
    "new doc"
    return x
def g(x):
    "new g"
    return (x,)
class C:
    "new class doc"
    attr: float = 1
    other: str = ""
    def m(self, v: float) -> float:
        "new m"
        return v
