from a import f, X
