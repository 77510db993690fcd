from . import settings
from .engine import run
