from a import first, second, join
