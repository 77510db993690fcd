from base import Base
class One(Base, name="one"):
    def run(self): return "old"
class Two(Base, name="two"):
    def run(self): return "old"
