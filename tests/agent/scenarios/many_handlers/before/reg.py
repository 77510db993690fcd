import atexit
rules, by_event, tuples = [], {}, []
class Bus:
    def __init__(self): self.subscribers = []
    def on(self, event):
        def deco(fn):
            self.subscribers.append((event, fn))
            by_event.setdefault(event, []).append(fn)
            return fn
        return deco
bus = Bus()
