def old_name(): return "old"
class Big:
    def a(self): return "a old"
    def b(self): return "b old"
def use(): return old_name()
