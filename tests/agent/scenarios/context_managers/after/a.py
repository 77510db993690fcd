import contextlib
class CM:
    def __enter__(self): return "in"
    def __exit__(self, *exc):
        log.append("new exit")
        return True
log = []
@contextlib.contextmanager
def cm():
    log.append("new in")
    try:
        yield
    finally:
        log.append("new out")
@contextlib.asynccontextmanager
async def acm():
    yield "new"
