from scenario_lib import *
NAME = 'exception_hierarchy'
RIGHT = 'a new base of an exception counts for what was raised before'

def setup():
    import a, user
    try: a.find()
    except a.NotFound as e: old = e
    return NS(old=old, before=user.call())
def verify(s):
    a, user = mod("a"), mod("user")
    def again():
        try: raise s.old
        except user.AppError: return True
    return {
        "before": lambda: s.before == ("nf", "old"),
        "caught": lambda: user.call() == ("app", "new", 404),
        "old exception": again,
        "one class": lambda: a.NotFound is user.NotFound,
    }
