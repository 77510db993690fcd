from a import Level, Perm, Kind
low = Level.LOW
table = {Kind.A: 1, Level.LOW: 2}
