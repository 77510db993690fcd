class Field:
    def __init__(self, default): self.default = default
    def __set_name__(self, owner, name): self.name = name
    def __get__(self, o, t=None):
        return self if o is None else ("old", o.__dict__.get(self.name, self.default))
