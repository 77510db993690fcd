import threading, time
stop = threading.Event()
seen = []
def step(): return "new"
def loop():
    while not stop.is_set():
        seen.append(step())
        time.sleep(0.001)
thread = threading.Thread(target=loop, daemon=True)
thread.start()
