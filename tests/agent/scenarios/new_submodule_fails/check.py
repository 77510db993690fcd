from scenario_lib import *
NAME = 'new_submodule_fails'
RIGHT = 'what a failed attempt imported is gone again, from the package too'

MODULES = ["pkg"]
import sys
def setup():
    import pkg
    return NS(names=list(vars(pkg)))
def verify(s):
    pkg = mod("pkg")
    return {
        "reported": lambda: s.error is not None,
        "old": lambda: pkg.g() == "old" and not hasattr(pkg, "h"),
        "sys.modules": lambda: "pkg.two" not in sys.modules and "pkg.bad" not in sys.modules,
        "attributes": lambda: list(vars(pkg)) == s.names,
    }
