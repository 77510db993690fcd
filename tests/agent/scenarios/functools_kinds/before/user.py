from a import V
