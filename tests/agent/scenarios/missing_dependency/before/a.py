import json
X = 1
def f(): return "old"
