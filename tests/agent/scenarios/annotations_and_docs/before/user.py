from a import f, g, C
