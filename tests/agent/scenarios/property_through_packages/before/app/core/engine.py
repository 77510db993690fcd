from .settings import LEVEL, OPTIONS
from . import settings
BOOST = LEVEL * 100
def run(): return LEVEL, OPTIONS["level"], settings.LEVEL, BOOST
