from a import cache, up, started
