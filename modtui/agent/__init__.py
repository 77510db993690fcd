"""What runs inside a target: standard library only, Python 3.8+, nothing else of modtui."""
