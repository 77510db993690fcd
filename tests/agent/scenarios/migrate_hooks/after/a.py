STATE = {"version": 2}
class P:
    def __init__(self): self.first, self.last = "x", "y"
    def __modtui_upgrade__(self):
        self.first, self.last = self.__dict__.pop("name").split()
class Child(P): pass
def __modtui_migrate__(old, new):
    new["MIGRATED"] = old["X"] if "X" in old else dict(old["STATE"])
