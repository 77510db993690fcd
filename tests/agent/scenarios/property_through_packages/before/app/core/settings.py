LEVEL = 1
OPTIONS = {"level": LEVEL}
