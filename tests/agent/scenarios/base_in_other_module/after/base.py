class Root:
    def root(self): return "root"
class Base(Root):
    registry = {}
    def __init__(self): self.v = 2
    def template(self): return ("new", self.hook(), self.added())
    def hook(self): return "base"
    def added(self): return "added"
    def __repr__(self): return "new"
    def __eq__(self, other): return True
    __hash__ = object.__hash__
