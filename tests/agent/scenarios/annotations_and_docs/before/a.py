def f(x: int, *, k: str = "a") -> int:
    "old doc"
    return x
def g(x):
    "old g"
    return x
class C:
    "old class doc"
    attr: int = 1
    def m(self, v: int) -> int:
        "old m"
        return v
