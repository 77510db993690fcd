import two
def g(): return two.y
