"""python -m tests.screenshots: the pictures in screenshots/, from the real app on a real process.

Starts the demo's shop as a process of its own, attaches by pid, edits a file, reloads, and saves
what the app shows as SVG. Nothing is drawn by hand; run it again after a change of the screen.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from modtui.demo import Shop, running_shop
from modtui.reach import connect
from modtui.source.store import Store
from modtui.tui.application import ModtuiApp
from modtui.tui.config import Config

FOLDER = Path(__file__).parent.parent / "screenshots"
PATIENCE = 20.0  # seconds until a picture is given up


class Camera:
    """The app in a headless terminal, waited for and photographed."""

    def __init__(self, app: ModtuiApp, pilot) -> None:
        self.app = app
        self.pilot = pilot

    def text(self) -> str:
        """What the screen shows, from the picture itself."""
        svg = self.app.export_screenshot()
        spans = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.S)
        return " ".join(re.sub(r"&#160;", " ", span) for span in spans)

    async def until(self, *words: str) -> None:
        """Wait until all of these are on the screen."""
        for _ in range(int(PATIENCE / 0.05)):
            await self.pilot.pause(0.05)
            shown = self.text()
            if all(word in shown for word in words):
                return
        raise SystemExit(f"{words} never shown; the screen says:\n{self.text()}")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def take(self, name: str) -> None:
        """Save the picture."""
        await self.pilot.pause(1.5)
        FOLDER.mkdir(exist_ok=True)
        path = FOLDER / f"{name}.svg"
        path.write_text(self.app.export_screenshot(title="modtui"), encoding="utf-8")
        print(path.relative_to(FOLDER.parent))


Story = Callable[[Camera, Shop], Awaitable[None]]


async def stale(camera: Camera, shop: Shop) -> None:
    """Attached, and everything as loaded is known; then the edit."""
    await camera.until("shop.pricing", "● live")
    shop.edit()
    await camera.until("stale", "~")


async def browser(camera: Camera, shop: Shop) -> None:
    await stale(camera, shop)
    await camera.until("packaging", "shop.views")
    await camera.take("browser")
    await camera.press("question_mark")
    await camera.take("help")


async def reload(camera: Camera, shop: Shop) -> None:
    await stale(camera, shop)
    await camera.until("packaging")
    await camera.press("r")
    await camera.until("Reload shop.pricing?", "3 live instances")
    await camera.take("preview")
    await camera.press("y")
    await camera.until("Reloaded")
    await camera.take("report")


async def small(camera: Camera, shop: Shop) -> None:
    await stale(camera, shop)
    await camera.take("small")


async def light(camera: Camera, shop: Shop) -> None:
    camera.app.theme = "modtui-light"
    await stale(camera, shop)
    await camera.until("packaging", "shop.views")
    await camera.take("light")


STORIES: dict[str, tuple[Story, tuple[int, int]]] = {
    "browser": (browser, (132, 38)),
    "reload": (reload, (132, 38)),
    "small": (small, (80, 24)),
    "light": (light, (132, 38)),
}


async def shoot(story: Story, size: tuple[int, int]) -> None:
    with running_shop() as shop:
        app = ModtuiApp(
            lambda attempt: connect(shop.pid), config=Config(Path("config.toml")), stores=Store
        )
        async with app.run_test(size=size) as pilot:
            await story(Camera(app, pilot), shop)


def main() -> int:
    for name, (story, size) in STORIES.items():
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            asyncio.run(shoot(story, size))
    return 0


if __name__ == "__main__":
    sys.exit(main())
