class Field:
    def __init__(self, kind): self.kind = kind
    def __set_name__(self, owner, name): self.owner, self.name = owner, name
class Meta(type):
    registry = {}
    def __new__(meta, name, bases, ns):
        if name in meta.registry:
            raise TypeError("table %s is already defined" % name)
        cls = super().__new__(meta, name, bases, ns)
        cls.fields = [k for k, v in ns.items() if isinstance(v, Field)]
        meta.registry[name] = cls
        return cls
class Model(metaclass=Meta):
    pass
