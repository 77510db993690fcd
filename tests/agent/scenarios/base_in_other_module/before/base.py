class Base:
    registry = {}
    def __init__(self): self.v = 1
    def template(self): return ("old", self.hook())
    def hook(self): return "base"
    def __repr__(self): return "old"
class Gone: pass
