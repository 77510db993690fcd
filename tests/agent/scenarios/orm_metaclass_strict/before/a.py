from orm import Model, Field
class User(Model):
    name = Field("str")
    def label(self): return "old"
class Group(Model):
    title = Field("str")
    def label(self): return "old"
