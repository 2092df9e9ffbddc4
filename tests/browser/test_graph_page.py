"""The page of `modelcompat diff --html` in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.comparison.artifacts import compare_artifacts
from tests import handmade
from tests.browser.chromium import THEMES, WIDTHS

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [f"dense_{number}" for number in range(60)]


def model(units: int, *, extra: bool) -> Any:
    """A functional model with a nested one, a long chain, two that add up, and every kind of change."""
    tower = handmade.sequential(handmade.dense("inner", units), name="tower")
    chain = [(handmade.dense(name), [before]) for name, before in zip(NAMES, ["tower", *NAMES], strict=False)]
    more = [(handmade.layer("Dropout" if extra else "GaussianNoise", "new" if extra else "old", rate=0.5), ["dense_9"])]
    add = (handmade.layer("Add", "add"), [NAMES[-1], "x", "new" if extra else "old"])
    return handmade.functional(
        (handmade.layer("InputLayer", "x", batch_shape=[None, 4]), []), (tower, ["x"]), *chain, *more, add
    )


@pytest.fixture
def page(tmp_path: Path) -> Path:
    pytest.importorskip("jinja2")
    weights = [{"layers/dense/vars/0": np.full((4, 2), value, np.float32)} for value in (0, 1)]
    one = handmade.write_keras(tmp_path / "old.keras", model(2, extra=False), weights[0])
    other = handmade.write_keras(tmp_path / "new.keras", model(3, extra=True), weights[1])
    return written(one, other)


def written(one: Path, other: Path) -> Path:
    from pytest_modelcompat.report.graph_page.page import diff_page

    inventories = read_inventory(one), read_inventory(other)
    path = one.with_name("page.html")
    path.write_text(diff_page(*inventories, compare_artifacts(*inventories)), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_it_is_readable(open_page: Any, page: Path, width: int, theme: str) -> None:
    opened = open_page(page, width=width, theme=theme)
    assert opened.overflow() == 0
    opened.page.get_by_role("button", name="Unfold all").click()
    assert opened.violations() == []
    assert opened.overflow() == 0


def test_it_needs_no_javascript(open_page: Any, page: Path) -> None:
    opened = open_page(page, javascript=False)
    assert opened.page.get_by_role("button").count() == 0
    assert opened.page.locator("#changes tbody tr").count() == 5
    fold = opened.page.locator("summary", has_text="that are the same").first
    inside = opened.page.locator(".fold .row").first
    assert not inside.is_visible()
    fold.click()
    assert inside.is_visible()


def test_the_keyboard_reaches_everything(open_page: Any, page: Path) -> None:
    browser = open_page(page).page
    met = []
    for _ in range(60):
        browser.keyboard.press("Tab")
        met.append(browser.evaluate("document.activeElement.tagName + ' ' + document.activeElement.innerText"))
        if met[-1].startswith("BODY"):
            break
    named = " | ".join(met)
    for each in ("A Layers", "A All changes", "BUTTON Next change", "BUTTON Fold all", "SUMMARY", "A tower/inner"):
        assert each in named
    fold = browser.locator(".fold summary").first
    fold.focus()
    browser.keyboard.press("Enter")
    assert browser.locator(".fold .row").first.is_visible()


def test_a_change_leads_to_its_row_and_one_to_the_next(open_page: Any, page: Path) -> None:
    browser = open_page(page).page
    browser.get_by_role("button", name="Fold all", exact=True).click()
    inner = browser.locator(".row", has_text="inner").last
    assert not inner.is_visible()
    browser.get_by_role("link", name="tower/inner").first.click()
    assert inner.is_visible()
    browser.get_by_role("button", name="Fold all", exact=True).click()
    seen = []
    for number in range(1, 6):
        browser.get_by_role("button", name="Next change").click()
        assert browser.get_by_role("status").inner_text() == f"{number} of 5"
        seen.append(browser.evaluate("document.activeElement.querySelector('.box:not(.none) .name').textContent"))
        assert browser.evaluate("document.activeElement.checkVisibility()")
    assert seen == ["inner", "dense_0", "old", "new", "add"]


def test_a_change_is_said_in_words(open_page: Any, page: Path) -> None:
    """What a screen reader reads of a row."""
    browser = open_page(page).page
    row = browser.locator(".row", has=browser.locator(".name", has_text="inner")).last
    assert " ".join(row.text_content().replace("≠", "").split()) == (
        "old: changed inner Dense units 2 new: changed inner Dense units 3"
    )
    assert "added" in browser.locator(".row.added").text_content()
    assert "removed" in browser.locator(".row.removed").text_content()


def test_of_a_thousand_layers_it_opens_at_once(open_page: Any, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    names = [f"layer_{number}" for number in range(1_000)]

    def saved(name: str, units: int) -> Path:
        chain = [
            (handmade.dense(each, units if each == names[500] else 2), [before])
            for each, before in zip(names, ["x", *names], strict=False)
        ]
        root = handmade.functional((handmade.layer("InputLayer", "x", batch_shape=[None, 2]), []), *chain)
        return handmade.write_keras(tmp_path / name, root)

    path = written(saved("a.keras", 2), saved("b.keras", 3))
    assert path.stat().st_size < 1_500_000
    for _ in range(3):
        opened = open_page(path)
        took = opened.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        if took < 2_000:
            break
    assert took < 2_000, f"{took:.0f} ms"
    assert opened.page.locator(".row.changed").first.is_visible()
