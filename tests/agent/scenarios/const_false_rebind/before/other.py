from a import LIMIT as L2, NAME as N2
LIMIT = 1
L2 = 1
