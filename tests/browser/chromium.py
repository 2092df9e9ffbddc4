"""A real browser for pages that the project writes: Debian's Chromium, and what it saw of a page."""

from __future__ import annotations

import importlib.util
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS = {"narrow": 360, "wide": 1600}
THEMES = ("light", "dark")
# What a page may load besides itself: what stands in it.
_IN_THE_PAGE = ("data:", "blob:", "about:")


class NoBrowserError(Exception):
    """There is no browser to test with; the message is a sentence with the fix."""


@dataclass
class OpenPage:
    """A page in the browser.

    Args:
        page: Playwright's page.
        requests: what it asked for besides its own file and data that stand in it.
        problems: errors and warnings of the console, and exceptions that nothing caught.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What axe-core finds wrong: rule, help and the first elements, one text a rule."""
        self.page.evaluate(axe_source())
        found: dict[str, Any] = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{each['id']}: {each['help']}: " + "; ".join(node["html"][:200] for node in each["nodes"][:3])
            for each in found["violations"]
        ]

    def wait_until(self, holds: Callable[[], object], seconds: float = 10) -> None:
        """Waits until something holds that the browser reports when it comes to it; at most so many seconds."""
        for _ in range(int(seconds * 20)):
            if holds():
                return
            self.page.wait_for_timeout(50)

    def close(self) -> None:
        """Closes the window, once all that happened in it was reported."""
        self.page.evaluate("0")
        self.page.context.close()

    def picture(self, path: Path) -> None:
        """Writes a picture of all of the page, in a window that is as high: what is outside of it may not be drawn."""
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        for _ in range(2):
            height = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({"width": width, "height": min(int(height), 16_000)})
        self.page.screenshot(path=path, full_page=True)

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window, so that all of it scrolls sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def axe_source() -> str:
    """axe-core, as the package `axe-playwright-python` has it."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or not found.submodule_search_locations:
        raise NoBrowserError("axe-core is not installed: pip install axe-playwright-python")
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


def executable() -> str:
    """Where the browser is.

    Raises:
        NoBrowserError: there is none, or nothing to drive it.
    """
    if importlib.util.find_spec("playwright") is None:
        raise NoBrowserError("Playwright is not installed: pip install playwright axe-playwright-python")
    for name in NAMES:
        if (found := shutil.which(name)) is not None:
            return found
    raise NoBrowserError(f"no Chromium is installed ({', '.join(NAMES)}): apt-get install chromium")


@contextmanager
def started() -> Iterator[Browser]:
    """The browser, until the block ends.

    Raises:
        NoBrowserError: there is none, or nothing to drive it.
    """
    path = executable()
    from playwright.sync_api import sync_playwright

    # Chromium refuses to run as root in a sandbox.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def opened(
    browser: Browser, file: Path, *, width: int = 1600, theme: Any = "light", javascript: bool = True, behind: str = ""
) -> OpenPage:
    """Opens a file in a window of its own.

    Args:
        browser: from `started`.
        file: an HTML file.
        width: of the window, in pixels; it is 900 high.
        theme: `light` or `dark`, as the user's system says.
        javascript: whether the browser runs it.
        behind: what stands behind the path in the URL, from `#` or `?` on.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, java_script_enabled=javascript, offline=True
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    opened_page = OpenPage(page)
    own = file.resolve().as_uri()

    def requested(request: Any) -> None:
        url = request.url
        if url.partition("#")[0].partition("?")[0] != own and not url.startswith(_IN_THE_PAGE):
            opened_page.requests.append(url)

    def said(message: Any) -> None:
        if message.type in ("error", "warning"):
            opened_page.problems.append(message.text)

    page.on("request", requested)
    page.on("console", said)
    page.on("pageerror", lambda error: opened_page.problems.append(str(error)))
    page.goto(own + behind)
    return opened_page
