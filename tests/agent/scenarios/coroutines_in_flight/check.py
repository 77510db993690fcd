from scenario_lib import *
NAME = 'coroutines_in_flight'
RIGHT = 'what runs finishes on the old code, what starts is new'

import asyncio
def setup():
    import a
    loop = asyncio.new_event_loop()
    async def begin():
        event = asyncio.Event()
        task = loop.create_task(a.work(event))
        await asyncio.sleep(0)
        ag = a.agen()
        await ag.__anext__()
        return event, task, ag
    event, task, ag = loop.run_until_complete(begin())
    g = a.gen(); next(g)
    return NS(loop=loop, event=event, task=task, g=g, ag=ag, work=a.work)
def verify(s):
    a = mod("a")
    async def end():
        s.event.set()
        return await s.task, await s.ag.__anext__()
    async def fresh():
        event = asyncio.Event(); event.set()
        return await s.work(event)
    return {
        "in flight": lambda: s.loop.run_until_complete(end()) == ("old", "old"),
        "suspended generator": lambda: next(s.g) == "old",
        "new call": lambda: s.loop.run_until_complete(fresh()) == "new",
        "new generator": lambda: list(a.gen()) == [1, "new"],
    }
