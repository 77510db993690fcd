from orm import Model, Field
class User(Model):
    name = Field("str")
    age = Field("int")
    def label(self): return "new"
class Group(Model):
    title = Field("str")
    def label(self): return "new"
class Extra(Model):
    pass
