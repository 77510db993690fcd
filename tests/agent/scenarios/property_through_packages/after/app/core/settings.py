LEVEL = 7
OPTIONS = {"level": LEVEL}
