def new_name(): return "new"
class Part:
    def b(self): return "b new"
class Big(Part):
    def a(self): return "a new"
def use(): return new_name()
