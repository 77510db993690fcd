import two
import fresh
def g(): return "new"
raise KeyboardInterrupt("no")
