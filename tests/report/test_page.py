"""The HTML page: everything of a report is on it, escaped, in bounds, and without a script needed."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.report import json_report
from pytest_modelcompat.report.json_report import fails
from pytest_modelcompat.report.page.charts import ChartPlan, chart_plans
from pytest_modelcompat.report.page.document import page_text
from pytest_modelcompat.report.page.view import Chart
from pytest_modelcompat.report.report_file import HTML_BEGINNING
from tests.report.test_json_report import a_report, a_target

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmarks"))

from report_page import report  # noqa: E402 - the folder of benchmarks is on the path only now

NASTY = "<script>alert(1)</script>\"'&</pre></details>"
VOID = {"meta", "link", "input", "br", "image", "path", "line"}


class Reader(HTMLParser):
    """What is on the page: texts by tag, attributes, and which ids there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data

    def values(self, name: str) -> list[str]:
        return [
            value for _, attributes in self.attributes for key, value in attributes.items() if key == name and value
        ]


def page(*targets: Any, **more: Any) -> str:
    return page_text(a_report(*targets, **more), beginning=HTML_BEGINNING, data="report.json")


def stand_in(plan: ChartPlan, name: str) -> Chart:
    """A chart as large as they are, in no time."""
    return Chart(plan.title, plan.caption, plan.header, plan.rows, f"<svg>{name} {'x' * 4_000}</svg>")


@pytest.fixture(scope="module")
def large() -> Any:
    """Three cases in 12 targets each, of real result objects."""
    return report(3)


@pytest.fixture(scope="module")
def text(large: Any) -> str:
    return page_text(large, beginning=HTML_BEGINNING, data="report.json")


def test_every_failure_is_there_with_its_text_fix_and_versions(large: Any, text: str) -> None:
    reader = Reader(text)
    failing = [target for target in large.targets if fails(target)]
    assert len(failing) == 6
    for target in failing:
        assert target["text"] in reader.texts["pre"]
        assert target["nodeid"] in reader.texts["dd"]
        for finding in target["findings"]:
            assert not finding["fix"] or "\n".join(finding["fix"]) in reader.texts["pre"]
    assert any("Keras 2.13" in each for each in reader.texts["dd"])
    assert any("40 layers (30 Dense, 10 LayerNormalization)" in each for each in reader.texts["dd"])


def test_cells_have_a_glyph_and_lead_to_their_failure(large: Any, text: str) -> None:
    reader = Reader(text)
    ids = reader.values("id")
    assert len(ids) == len(set(ids))
    links = [each[1:] for each in reader.values("href") if each.startswith("#")]
    assert set(links) <= set(ids)
    assert sum(each.startswith("t") for each in links) == 6
    cells = text.partition('<table class="results">')[2].partition("</table>")[0]
    assert (cells.count("✓ ok"), cells.count("✗ ")) == (30, 6)


def test_failures_are_grouped_by_cause_the_most_severe_first(text: str) -> None:
    headings = [" ".join(re.sub(r"<[^>]+>", "", each).split()) for each in re.findall(r"<h3.*?</h3>", text, re.DOTALL)]
    kinds = [" ".join(each.split()[1:3]) for each in headings]
    assert kinds == sorted(kinds, reverse=True)
    assert set(kinds) == {"UNKNOWN LAYER", "PREDICTIONS DRIFTED"}
    assert "MC101" in text


def test_a_script_in_a_name_is_a_text(large: Any) -> None:
    first = next(each for each in large.targets if each.get("pictures"))
    quoted = json.dumps(NASTY)[1:-1]
    data = json.loads(json.dumps(first).replace("score", quoted).replace("encoder", f"1.2345 {quoted}"))
    nasty = a_target(f"test_{NASTY}[h5]", verdict="failed", text=NASTY, case=NASTY, headline=f"X {NASTY}")
    layered = {**data, "title": NASTY, "nodeid": NASTY, "runtime": f"tf {NASTY}"}
    skipped = a_target(NASTY, verdict="skipped", headline=NASTY)
    shown = page(nasty, layered, skipped, stale=(NASTY,), project=NASTY, runtimes={NASTY: {"keras": NASTY}})
    reader = Reader(shown)
    assert [tag for tag, _ in reader.attributes].count("script") == 1
    assert "alert(1)" not in reader.texts["script"][0]
    assert NASTY in reader.texts["pre"]
    assert any("1.2345 <script>" in each for each in reader.texts["desc"])
    assert shown.count("<svg role=") == 2
    assert not [name for _, attributes in reader.attributes for name in attributes if name.startswith("on")]


def test_a_lone_surrogate_is_written() -> None:
    assert "a\\udc80b" in page(a_target("test_a\udc80b[h5]"))


def test_nothing_is_fetched(text: str) -> None:
    reader = Reader(text)
    assert not [tag for tag, _ in reader.attributes if tag in ("link", "iframe", "object", "embed", "base", "img")]
    assert all(
        each.startswith(("#", "data:image/png;base64,", "https://github.com/")) for each in reader.values("href")
    )
    assert not reader.values("src")
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in text


def test_charts_are_in_bounds_and_named(large: Any, text: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    drifted = [target for target in large.targets if target.get("pictures")]
    assert len(charts) == 2 * len(drifted) == 8
    assert max(map(len, charts)) < 15_000
    for chart in charts:
        names = re.search(r'^<svg role="img" aria-labelledby="(\w+) (\w+)"', chart)
        assert names is not None
        assert f'<title id="{names[1]}">' in chart
        assert re.search(rf'<desc id="{names[2]}">\S.*?</desc>', chart)
    assert text.count("Numbers of this chart") == len(charts)
    assert "modelcompat report show report.json --target" in text


def test_no_more_than_fifty_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChartPlan, "chart", stand_in)
    shown = page_text(report(24), beginning=HTML_BEGINNING)
    names = re.findall(r"<svg>(\w+) ", shown)
    assert len(names) == len(set(names)) == 50
    # Without data, another run of the test writes them.
    assert "pytest &#39;tests/test_models.py::" in shown


def test_all_charts_of_one_target(large: Any) -> None:
    target = next(each for each in large.targets if each.get("pictures"))
    plans = chart_plans(target)
    assert [plan.title for plan in plans] == [
        "Difference of each layer's output from the golden's",
        "Where output 'score' differs from the golden's",
        "Output 'score': golden against now",
        "How much output 'score' differs from the golden's",
        "Output 'score': error against the golden's value",
    ]
    for number, plan in enumerate(plans):
        chart = plan.chart(f"c{number}")
        assert chart.svg.startswith("<svg")
        assert len(chart.svg) < 15_000
        assert len(chart.caption) > 30
        assert all(len(row) == len(chart.header) for row in chart.rows)


def test_captions_say_what_is_found(large: Any) -> None:
    target = next(each for each in large.targets if each.get("pictures"))
    layers, where, *_ = chart_plans(target)
    (first,) = (each for each in target["findings"][0]["layers"] if each["is_first"])
    assert f'"{first["layer"]}" (Dense) is the first to differ, by 0.0001, 10 times its tolerance.' in layers.caption
    position = target["findings"][0]["details"]["mismatch"].partition("at [")[2].partition(",")[0]
    assert f"is at axis 0 index {position} and axis 1" in where.caption


def test_a_caption_names_a_dashed_line_only_where_the_chart_has_one(large: Any) -> None:
    target = json.loads(json.dumps(next(each for each in large.targets if each.get("pictures"))))
    (picture,) = target["pictures"]
    for low, is_drawn in ((-1.0, True), (0.25, False)):
        picture["errors"]["y"] = picture["values"]["y"] = [low, 0.5]
        picture["values"]["x"] = [-1.0, 0.25]
        charts = [plan.chart("c") for plan in chart_plans(target) if " against " in plan.title]
        assert ["dashed line" in chart.caption for chart in charts] == [is_drawn] * 2
        assert ["stroke-dasharray" in chart.svg for chart in charts] == [is_drawn] * 2


def test_ticks_of_few_indices_are_whole(large: Any) -> None:
    target = json.loads(json.dumps(next(each for each in large.targets if each.get("pictures"))))
    target["pictures"][0]["heat_map"]["grid"]["x"] = [0, 2]
    where = next(plan for plan in chart_plans(target) if plan.title.startswith("Where"))
    ticks = re.findall(r"<text[^>]*>(\d+)</text>", where.chart("c").svg)
    assert ticks[:3] == ["0", "1", "2"]


def test_what_cannot_be_drawn_has_its_words_and_numbers(large: Any) -> None:
    target = next(each for each in large.targets if each.get("pictures"))
    broken = json.loads(json.dumps(target))
    broken["pictures"][0]["heat_map"]["grid"]["rows"] = ["x" * 32] * 32
    chart = chart_plans(broken)[1].chart("c1")
    assert (chart.svg, bool(chart.rows)) == ("", True)
    assert "This chart could not be drawn: KeyError: " in page(broken)


def test_targets_of_a_case_that_read_the_same_are_one_entry() -> None:
    def failing(runtime: str, said: str) -> Any:
        title = f"test_a[h5-{runtime}]"
        lines = f"UNKNOWN OP  {title}: no\n\n  op         {said}\n\n  loaded in  {runtime}: Keras 2"
        return a_target("test_a[h5]", runtime, "failed", text=lines, headline=f"UNKNOWN OP  {title}: no")

    targets = failing("tf2.4", "Erf"), failing("tf2.6", "Erf"), failing("tf2.8", "Exp")
    shown = page(*targets)
    assert shown.count('<details class="entry"') == 2
    assert "and 1 more" in shown
    assert "3 targets" in shown
    # Each is named, where it loaded too.
    assert all(f"test_a[h5-{runtime}]" in shown for runtime in ("tf2.4", "tf2.6", "tf2.8"))


def test_expected_failures_come_last() -> None:
    shown = page(a_target("test_b[h5]", verdict="expected"), a_target(verdict="failed"))
    assert shown.index("✗ UNKNOWN OP</span>") < shown.index("≈ UNKNOWN OP (expected)</span>")


def test_a_report_of_nothing_and_one_that_is_not_complete() -> None:
    assert "There are no model tests in this run." in page()
    shown = page(a_target(), complete=False, problems=({"nodeid": "test_x.py", "headline": "ImportError: <x>"},))
    assert "not complete: pytest stopped" in shown
    assert "not seen: test_x.py: ImportError: &lt;x&gt;" in shown


def test_data_of_real_results_are_as_the_schema_says(large: Any) -> None:
    schema = json.loads((ROOT / "docs" / "report-schema-2.json").read_text(encoding="utf-8"))
    document = json.loads(json_report.json_text(large))
    jsonschema = pytest.importorskip("jsonschema")
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)] == []
    assert schema["properties"]["schema"]["const"] == json_report.REPORT_SCHEMA


def test_a_target_takes_a_page_less_than_its_share_of_two_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 cases in 12 targets, by what each case more takes; 50 charts of 4 kB are on any page."""
    monkeypatch.setattr(ChartPlan, "chart", stand_in)
    few, more = (len(page_text(report(cases), beginning=HTML_BEGINNING, data="r.json")) for cases in (18, 24))
    assert few + (200 - 18) * (more - few) / 6 < 2_000_000
