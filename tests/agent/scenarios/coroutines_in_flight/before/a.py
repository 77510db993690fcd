import asyncio
async def work(event):
    await event.wait()
    return "old"
def gen():
    yield 1
    yield "old"
async def agen():
    yield 1
    yield "old"
