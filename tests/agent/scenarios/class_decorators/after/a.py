from lib import plugin, wrapped
@plugin("y")
class P:
    def m(self): return "new"
    def n(self): return "n"
@wrapped
class W:
    def m(self): return "new"
    def n(self): return "n"
