from reg import bus, rules, tuples
@bus.on("start")
def first(n=1): return "new first"
@bus.on("start")
def second(n=2): return "new second"
class H:
    extra = 1
    def run(self): return "new"
rules.append(H().run)
tuples.append(("h", H))
@bus.on("stop")
def third(): return "third"
