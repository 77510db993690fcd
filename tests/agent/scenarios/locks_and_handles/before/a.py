import threading, queue, tempfile
lock = threading.Lock()
jobs = queue.Queue()
log = tempfile.TemporaryFile("w+")
local = threading.local()
class Pool:
    guard = threading.RLock()
    def size(self): return "old"
def put(x):
    with lock:
        jobs.put(x)
    return "old"
