from scenario_lib import *
NAME = 'property_through_packages'
RIGHT = 'relative imports, re-exports with `as`, and a constant through three levels'

def setup():
    import main_user, app
    return NS(run=app.start, options=app.conf.OPTIONS)
def verify(s):
    app, user = mod("app"), mod("main_user")
    return {
        "engine": lambda: s.run() == (7, 7, 7, 700),
        "package": lambda: app.DEFAULT_LEVEL == 7 and app.conf.LEVEL == 7,
        "top": lambda: user.DEFAULT_LEVEL == 7 and user.TWICE == 14,
        "through a module": lambda: user.BOOSTED == 701,
        "one dict": lambda: app.conf.OPTIONS is s.options and s.options == {"level": 7},
    }
