"""The harness sees what it is there to see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAD = '<!doctype html><html lang="en"><title>page</title>'
SOUND = f"{HEAD}<main><h1>a page</h1><p>text</p></main></html>"


def written(folder: Path, text: str) -> Path:
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_sound_page_is_quiet(open_page: Any, tmp_path: Path) -> None:
    opened = open_page(written(tmp_path, SOUND), behind="#state")
    assert opened.violations() == []
    assert opened.overflow() == 0


def test_errors_of_the_console_are_seen(open_page: Any, tmp_path: Path) -> None:
    script = "<script>console.error('broken'); setTimeout(() => nothing(), 0)</script>"
    opened = open_page(written(tmp_path, SOUND + script))
    opened.wait_until(lambda: len(opened.problems) == 2)
    assert opened.problems == ["broken", "nothing is not defined"]
    opened.problems.clear()


@pytest.mark.parametrize(
    "text",
    [
        '<img alt="" src="https://example.invalid/a.png">',
        '<link rel="stylesheet" href="other.css">',
        '<script>fetch("https://example.invalid/a.json").catch(() => null)</script>',
        '<style>body { background: url("//example.invalid/a.png") }</style>',
    ],
)
def test_requests_are_seen(open_page: Any, tmp_path: Path, text: str) -> None:
    opened = open_page(written(tmp_path, SOUND + text))
    opened.wait_until(lambda: opened.problems)
    assert len(opened.requests) == 1
    opened.requests.clear()
    opened.problems.clear()


def test_data_in_the_page_are_no_request(open_page: Any, tmp_path: Path) -> None:
    image = '<img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">'
    opened = open_page(written(tmp_path, SOUND + image))
    assert opened.requests == []


def test_violations_are_seen(open_page: Any, tmp_path: Path) -> None:
    pale = '<p style="color: #ccc; background: #fff">pale</p><input>'
    opened = open_page(written(tmp_path, HEAD + f"<main><h1>a page</h1>{pale}</main></html>"))
    assert [each.partition(":")[0] for each in opened.violations()] == ["color-contrast", "label"]


def test_width_theme_and_javascript_are_as_asked(open_page: Any, tmp_path: Path) -> None:
    script = "<script>document.title = 'ran'</script><div style='width: 500px'>wide</div>"
    file = written(tmp_path, SOUND + script)
    narrow = open_page(file, width=360, theme="dark", javascript=False)
    assert narrow.page.title() == "page"
    assert narrow.overflow() > 100
    assert narrow.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    wide = open_page(file)
    assert wide.page.title() == "ran"
    assert wide.overflow() == 0


def test_where_there_is_no_browser_one_line_says_so(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of these tests without Chromium: skipped with a line, in CI failed with a sentence."""
    monkeypatch.setenv("PATH", str(pytester.path))
    monkeypatch.delenv("CI", raising=False)
    command = [str(ROOT / "tests/browser/test_chromium.py"), "-k", "sound or violations", "-p", "no:cacheprovider"]
    command += ["-p", "no:xdist", "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")]
    line = "2 tests of pages were skipped: no Chromium is installed"
    skipped = pytester.runpytest_subprocess(*command)
    assert [each for each in skipped.outlines if "Chromium" in each and line in each] != []
    assert sum("Chromium is" in each for each in skipped.outlines) == 1
    skipped.assert_outcomes(skipped=2)
    monkeypatch.setenv("CI", "true")
    failed = pytester.runpytest_subprocess(*command)
    failed.assert_outcomes(errors=2)
    failed.stdout.fnmatch_lines(["*no Chromium is installed *: apt-get install chromium; -m*"])
