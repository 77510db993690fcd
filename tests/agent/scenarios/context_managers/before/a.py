import contextlib
class CM:
    def __enter__(self): return "in"
    def __exit__(self, *exc):
        log.append("old exit")
        return False
log = []
@contextlib.contextmanager
def cm():
    log.append("old in")
    try:
        yield
    finally:
        log.append("old out")
@contextlib.asynccontextmanager
async def acm():
    yield "old"
