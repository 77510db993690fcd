"""The guide of the demo: one line at a time, following what the user really does."""

from __future__ import annotations

from modtui.demo import Shop


class ShopGuide:
    """Knows how far the user has come; the app shows `line()` and reports events by `saw()`."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._step = "start"

    def _cake(self) -> str:
        try:
            return f"a cake costs {self._shop.ask('price/cake')}"
        except OSError:
            return "it no longer answers"

    def line(self) -> str:
        """What to do next, in a sentence or two; asks the shop, so call it off the UI's thread."""
        cake = self._cake()
        return {
            "start": f"A shop is running, untouched (pid {self._shop.pid}); {cake}. "
            "Press g: its pricing.py gets edited on disk, as by your editor.",
            "stale": "shop.pricing is stale: enter shows its diff since load. "
            f"In the process {cake}. Press r to see what a reload would do.",
            "reloaded": f"Reloaded, yet {cake}: shop.views still holds the old price() and three "
            "old Carts. Press p in the report, or r and then p, to patch them.",
            "patched": f"Patched: {cake}; the old function and the live Carts run the new code. "
            "Press u to take it back.",
            "undone": f"Undone: {cake}, as before. That was the tour; q quits and cleans up.",
        }[self._step]

    def act(self) -> bool:
        """Do the edit, once. Returns whether there was anything to do."""
        if self._step != "start":
            return False
        self._shop.edit()
        return True

    def saw(self, event: str) -> None:
        """The app saw "stale", "reloaded", "patched" or "undone"."""
        if event == "undone" and self._step == "reloaded":
            self._step = "stale"  # the tour is not over: it goes on from there
        elif event != "stale" or self._step == "start":
            self._step = event
