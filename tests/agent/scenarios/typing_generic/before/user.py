from a import Box, Movie, f
IntBox = Box[int]
class Special(Box[str]):
    pass
