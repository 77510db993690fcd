counter = 0
if "cache" not in globals():
    cache = {"made": 1}
started = []
def up():
    global counter
    counter += 1
    return ("old", counter)
def boot():
    started.append(1)
boot()
