from desc import Field
class C:
    x = Field(1)
