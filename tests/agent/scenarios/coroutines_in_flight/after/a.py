import asyncio
async def work(event):
    await event.wait()
    return "new"
def gen():
    yield 1
    yield "new"
async def agen():
    yield 1
    yield "new"
