from a import P, F, Q
