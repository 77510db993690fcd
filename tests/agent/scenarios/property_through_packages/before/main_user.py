import app
from app import start, DEFAULT_LEVEL
import app.core.engine as eng
TWICE = DEFAULT_LEVEL * 2
BOOSTED = eng.BOOST + 1
