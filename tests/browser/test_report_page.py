"""The page of a report in a browser: of a real run over broken examples, and of a large matrix."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from tests.browser import broken_examples
from tests.browser.chromium import THEMES, WIDTHS

if TYPE_CHECKING:
    from pathlib import Path

# Each breaks in another way, and most in a second one in Keras 2.
REPORTS = ("report.html", "report.json")
# Runtimes of the large matrix, and the one of the real run of which each has the results.
RUNTIMES = {"local": "local", "keras2": "keras2", "tf2.15": "keras2", "tf2.21": "local"}
CASES = "scaled or clipped or unmended or attention or dense"


@pytest.fixture(scope="module")
def project(tensorflow: None, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The broken examples with their reports of a run in two runtimes; one run for all processes of xdist."""
    pytest.importorskip("altair")
    pytest.importorskip("jinja2")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "broken-examples"
    with FileLock(shared / "broken-examples.lock"):
        if not folder.exists():
            broken_examples.copied(folder)
            reports = [part for name in REPORTS for part in ("--modelcompat-report", name)]
            done = broken_examples.run(folder, "-k", CASES, *reports)
            assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def page(project: Path) -> Path:
    return project / "report.html"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_it_is_readable(open_page: Any, page: Path, width: int, theme: str) -> None:
    opened = open_page(page, width=width, theme=theme)
    assert opened.overflow() == 0
    opened.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert opened.overflow() == 0
    assert opened.violations() == []


def test_the_matrix_has_every_verdict_in_words(open_page: Any, page: Path) -> None:
    table = open_page(page).page.get_by_role("region", name="Table of results")
    heads = table.get_by_role("columnheader").all_inner_texts()
    assert heads == ["case and format", "local", "keras2"]
    cells = " | ".join(table.get_by_role("cell").all_inner_texts())
    for each in ("✓ ok", "✗ UNKNOWN LAYER", "✗ PREDICTIONS DRIFTED", "✗ CANNOT REBUILD", "(expected)"):
        assert each in cells


def test_it_needs_no_javascript(open_page: Any, page: Path) -> None:
    browser = open_page(page, javascript=False).page
    assert not browser.get_by_role("search").is_visible()
    assert browser.locator("button:visible").count() == 0
    entry = browser.locator(".entry", has_text="test_scaled_model[h5]").first
    entry.locator("summary").first.click()
    assert "UNKNOWN LAYER" in entry.locator("pre").first.inner_text()
    fix = entry.locator(".fix pre").first
    assert fix.is_visible()
    assert "custom_objects" in fix.inner_text()
    assert "Keras 3." in entry.inner_text()


def test_a_search_is_kept_in_the_url(open_page: Any, page: Path) -> None:
    opened = open_page(page)
    browser = opened.page
    rows = browser.locator(".results tbody tr:visible")
    everything = rows.count()
    browser.get_by_label("Search").fill("clipped")
    assert rows.count() == 3
    assert browser.get_by_role("search").get_by_role("status").inner_text() == f"3 of {everything} rows"
    again = open_page(page, behind="#" + browser.url.partition("#")[2]).page
    assert again.get_by_label("Search").input_value() == "clipped"
    assert again.locator(".results tbody tr:visible").count() == 3
    again.get_by_role("button", name="Clear").click()
    again.wait_for_function("!location.hash")
    assert again.locator(".results tbody tr:visible").count() == everything


def test_filters_by_verdict_and_by_cause(open_page: Any, page: Path) -> None:
    browser = open_page(page).page
    browser.get_by_label("Verdict").select_option(label="all failures")
    assert "dense" not in " ".join(browser.locator(".results tbody tr:visible").all_inner_texts())
    browser.get_by_label("Verdict").select_option(label="all")
    cause = browser.get_by_role("combobox", name="Cause")
    label = next(each for each in cause.locator("option").all_inner_texts() if each.startswith("UNKNOWN LAYER"))
    cause.select_option(label=label)
    rows = browser.locator(".results tbody tr:visible").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["test_scaled_model[h5]", "test_scaled_model[keras]"]
    assert browser.locator(".group:visible").count() == 1


def test_the_keyboard_alone(open_page: Any, page: Path) -> None:
    browser = open_page(page).page
    focused = "document.activeElement.textContent.trim()"
    browser.keyboard.press("Tab")
    assert browser.evaluate(focused) == "Skip to the results"
    browser.get_by_label("Search").focus()
    browser.keyboard.type("scaled")
    assert browser.locator(".results tbody tr:visible").count() == 3
    link = browser.locator(".results tbody tr:visible a").first
    link.focus()
    browser.keyboard.press("Enter")
    assert "test_scaled_model[h5]" in browser.evaluate(focused)
    entry = browser.locator(".entry[open]").first
    assert entry.locator("pre").first.is_visible()
    browser.keyboard.press("Enter")
    assert browser.locator(".entry[open]").count() == 0


def test_a_fix_is_copied(open_page: Any, page: Path) -> None:
    browser = open_page(page).page
    browser.locator(".entry summary").first.click()
    figure = browser.locator(".entry .fix:visible").first
    text = figure.locator("pre").inner_text()
    figure.get_by_role("button").click()
    browser.wait_for_function("document.querySelector('#said').textContent !== ''")
    assert browser.locator("#said").inner_text() == "Copied"
    assert browser.evaluate("navigator.clipboard.readText()").strip() == text.strip()


def test_charts_have_a_caption_and_their_numbers(open_page: Any, page: Path) -> None:
    browser = open_page(page).page
    entry = browser.locator(".entry", has_text="test_attention_block[").filter(has=browser.locator(".charts")).first
    entry.locator("summary").first.click()
    charts = entry.locator(".charts > figure")
    assert 1 <= charts.count() <= 2
    for chart in charts.all():
        assert len(chart.locator("figcaption").inner_text()) > 20
        picture = chart.get_by_role("img").first
        assert picture.bounding_box()["width"] > 100
        chart.get_by_text("Numbers of this chart").click()
        assert chart.locator("tbody tr").count() > 1


def renamed(target: Any, number: int, format_: str, runtime: str) -> Any:
    """A target of the real run as one of another case, in another runtime."""
    title = f"test_model_{number}[{format_}" + ("]" if runtime == "local" else f"-{runtime}]")
    text = target["text"] and target["text"].replace(target["title"], title).replace(target["runtime"], runtime)
    own = {"case": f"tests/test_zoo/test_model_{number}", "nodeid": f"tests/test_zoo.py::{title}", "title": title}
    return {**target, **own, "format": format_, "runtime": runtime, "text": text}


@pytest.fixture(scope="module")
def large_page(project: Path) -> Path:
    """Of 200 cases in 12 targets, each as one of the real run: a third of them breaks."""
    from pytest_modelcompat.report.json_report import read_report
    from pytest_modelcompat.report.report_file import write

    report = read_report(project / "report.json")
    by_target = {(each["case"], each["format"], each["runtime"]): each for each in report.targets}
    names = list(dict.fromkeys(each["case"] for each in report.targets))
    passes = next(name for name in names if "dense" in name)
    broken = itertools.cycle(name for name in names if name != passes)
    targets = []
    for number in range(200):
        case = passes if number % 3 else next(broken)
        for format_, (runtime, alike) in itertools.product(("h5", "keras", "saved_model"), RUNTIMES.items()):
            real = by_target.get((case, format_, alike)) or by_target[case, "saved_model", alike]
            targets.append(renamed(real, number, format_, runtime))
    runtimes = {name: report.runtimes[alike] for name, alike in RUNTIMES.items()}
    path = project / "large.html"
    write(replace(report, runtimes=runtimes, targets=tuple(targets)), path)
    return path


def test_of_200_cases_in_12_targets_it_is_small_and_opens_at_once(open_page: Any, large_page: Path) -> None:
    assert large_page.stat().st_size < 2_000_000
    # The best of three: other processes use the processors too.
    for _ in range(3):
        opened = open_page(large_page)
        took = opened.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        if took < 2_000:
            break
    assert took < 2_000, f"{took:.0f} ms"
    assert opened.page.locator(".results tbody tr").count() == 600
    opened.page.get_by_label("Search").fill("model_17[")
    assert opened.page.locator(".results tbody tr:visible").count() == 3
    assert opened.overflow() == 0
