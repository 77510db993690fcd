from .core import settings as conf, run as start
from .core.settings import LEVEL as DEFAULT_LEVEL
