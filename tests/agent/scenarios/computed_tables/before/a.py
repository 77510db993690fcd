def scale(x): return x * 1
FACTOR = 1
TABLE = {n: scale(n) for n in range(3)}
SQUARES = [FACTOR * n for n in range(3)]
HANDLERS = {"a": scale, "b": lambda x: scale(x)}
MODE = "fast" if FACTOR > 5 else "slow"
total = sum(map(scale, [1, 2]))
class K:
    table = {n: n * 2 for n in range(2)}
    best = max(SQUARES)
