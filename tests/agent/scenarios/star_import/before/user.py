from a import *
hidden = "mine"
def run(): return f(), K, C().m()
