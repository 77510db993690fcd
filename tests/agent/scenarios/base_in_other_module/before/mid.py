from base import Base
class Mid(Base):
    def hook(self): return "mid:" + super().hook()
Base.registry["mid"] = Mid
