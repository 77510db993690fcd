def first(): return "first old"
def second(): return "second old"
def len(x): return "shadow"
def join(*a): return "mine"
def use(): return len([1, 2])
