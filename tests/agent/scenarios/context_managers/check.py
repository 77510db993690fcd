from scenario_lib import *
NAME = 'context_managers'
RIGHT = 'a with block that is open ends with the new exit'

import contextlib, asyncio
def setup():
    import a
    stack = contextlib.ExitStack()
    stack.enter_context(a.CM())
    open_one = a.cm(); open_one.__enter__()
    return NS(stack=stack, open=open_one, cm=a.cm, acm=a.acm)
def verify(s):
    a = mod("a")
    del a.log[:]
    def run():
        s.open.__exit__(None, None, None)
        with s.cm(): pass
        return a.log[:]
    async def arun():
        async with s.acm() as v: return v
    return {
        "running one ends old, new one is new": lambda: run() == ["old out", "new in", "new out"],
        "async": lambda: asyncio.run(arun()) == "new",
        "new instance": lambda: a.CM().__exit__(None, None, None) is True,
    }
