class Field:
    def __init__(self, default): self.default = default
    def __set_name__(self, owner, name): self.name = name
    def __get__(self, o, t=None):
        return self if o is None else ("new", o.__dict__.get(self.name, self.default))
    def __set__(self, o, v):
        o.__dict__[self.name] = v * 2
