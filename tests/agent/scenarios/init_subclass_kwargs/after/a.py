from base import Base
class One(Base, name="uno"):
    def run(self): return "new"
class Two(Base, name="two"):
    flag = True
    def run(self): return "new"
