LIMIT = 2
NAME = "y"
FLAG = False
EMPTY = (1,)
