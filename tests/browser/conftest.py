"""What the tests of pages share: a browser, and pages that have to be quiet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.chromium import NoBrowserError, OpenPage, opened, started
from tests.conftest import NO_BROWSER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_itemcollected(item: pytest.Item) -> None:
    """Every test here needs a browser: `-m "not browser"` leaves them out."""
    item.add_marker("browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser, for one module: Playwright keeps an event loop in this thread as long as it runs."""
    try:
        with started() as browser:
            yield browser
    except NoBrowserError as error:
        if os.environ.get("CI"):
            pytest.fail(f'{error}; -m "not browser" leaves the tests of pages out', pytrace=False)
        pytest.skip(f"{NO_BROWSER}{error}")


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    """Opens a file as `chromium.opened` does; at the end of the test each page has to have been quiet.

    Quiet: no error on the console, and no request that leaves the file.
    """
    pages: list[OpenPage] = []

    def open_(file: Path, **options: Any) -> OpenPage:
        pages.append(opened(browser, file, **options))
        return pages[-1]

    yield open_
    for each in pages:
        each.close()
    assert [each.problems for each in pages if each.problems] == []
    assert [each.requests for each in pages if each.requests] == []
