from reg import bus, rules, tuples
@bus.on("start")
def first(): return "old first"
@bus.on("start")
def second(): return "old second"
class H:
    def run(self): return "old"
rules.append(H().run)
tuples.append(("h", H))
