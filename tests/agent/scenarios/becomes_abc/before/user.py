from a import Shape, Square
shapes = [Shape, Square]
