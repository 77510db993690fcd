from a import Bag, Seq
class MyBag(Bag): pass
