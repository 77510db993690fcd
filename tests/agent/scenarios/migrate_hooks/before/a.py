STATE = {"v": 1}
class P:
    def __init__(self): self.name = "x y"
class Child(P): pass
