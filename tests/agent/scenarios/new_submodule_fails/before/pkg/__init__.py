from .one import f
def g(): return "old"
