from lib import plugin, wrapped
@plugin("x")
class P:
    def m(self): return "old"
@wrapped
class W:
    def m(self): return "old"
