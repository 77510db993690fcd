from mid import Mid
import base
class Top(Mid):
    def hook(self): return "top:" + super().hook()
class Other(base.Base): pass
