from a import P, W
