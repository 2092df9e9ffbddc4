"""What is said of the kinds, their codes and their pages stand together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.kind_codes import CODES, page_name
from pytest_modelcompat.results.kind_texts import KIND_TEXTS, thread_url

PAGES = Path(__file__).resolve().parents[2] / "docs" / "kinds"
# What no script makes happen: it needs a machine without isolation.
WITHOUT_TEXT = {Kind.ISOLATION_MISSING}


def test_each_kind_has_a_text_a_code_and_a_page() -> None:
    assert set(KIND_TEXTS) == set(CODES) == set(Kind)
    assert {path.stem for path in PAGES.glob("*.md")} == {*map(page_name, Kind), "README"}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_page_says_what_the_text_says(kind: Kind) -> None:
    page = (PAGES / f"{page_name(kind)}.md").read_text(encoding="utf-8")
    prose = " ".join(page.split())
    about = KIND_TEXTS[kind]
    assert page.startswith(f"# {kind.value} ({CODES[kind]})\n")
    assert all(" ".join(text.split()) in prose for text in (about.means, about.because, about.fix))
    assert all(f"]({thread_url(thread)})" in page for thread, _ in about.threads)
    shown = re.search(r"```text\n(.*?)\n```", page, re.DOTALL)
    assert (shown is None) == (kind in WITHOUT_TEXT)
    if shown is not None and kind not in (Kind.GOLDEN_DEGENERATE, Kind.INPUTS_CHANGED):
        assert kind.value in shown[1]
        assert re.search(rf"modelcompat explain .*{CODES[kind]}\b", shown[1])


def test_the_index_lists_each_with_its_code_and_page() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (MC\d{3}) \| \[([A-Z ]+)\]\(([a-z-]+)\.md\) \| (.+) \|$", index, re.MULTILINE)
    assert sorted(rows) == sorted((CODES[kind], kind.value, page_name(kind), KIND_TEXTS[kind].means) for kind in Kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_text_is_of_whole_sentences(kind: Kind) -> None:
    about = KIND_TEXTS[kind]
    assert about.means.endswith(".")
    assert about.because.endswith(".")
    assert about.fix.endswith((".", "`"))
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", thread) and title for thread, title in about.threads)


def test_a_thread_is_a_page_of_github() -> None:
    assert thread_url("keras-team/keras#7585") == "https://github.com/keras-team/keras/issues/7585"
