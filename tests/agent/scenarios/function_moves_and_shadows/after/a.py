from os.path import join
def second(): return "second new"
def first(): return "first new"
def use(): return len([1, 2])
