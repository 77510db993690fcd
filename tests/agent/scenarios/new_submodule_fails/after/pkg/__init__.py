from .one import f
from .two import h
def g(): return "new"
import pkg.bad
