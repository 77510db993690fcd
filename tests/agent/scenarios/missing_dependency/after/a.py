import json
X = 2
import a_package_that_is_not_there
def f(): return "new"
