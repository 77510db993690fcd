LIMIT = 1
NAME = "x"
FLAG = True
EMPTY = ()
