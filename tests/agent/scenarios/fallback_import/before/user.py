try:
    from a import VALUE as _VALUE
except ImportError:
    _VALUE = None
if True:
    from a import f as _f
DERIVED = [_VALUE, _VALUE + 1]
def get(default=_VALUE): return _VALUE, default, DERIVED[:]
class K:
    size = _VALUE * 10
    def m(self, n=_VALUE): return n
