counter = 0
if "cache" not in globals():
    cache = {"made": 2}
started = []
def up():
    global counter
    counter += 1
    return ("new", counter)
def boot():
    started.append(1)
boot()
