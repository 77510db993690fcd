"""htop for sys.modules."""

__version__ = "0.1.0"
