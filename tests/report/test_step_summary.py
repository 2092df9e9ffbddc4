"""The summary of a step, in Markdown as GitHub shows it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pytest_modelcompat.report.step_summary import MOST_BYTES, step_summary
from tests.report.report_data import DRIFT, LOST, SCALE, failing, raising
from tests.report.test_json_report import a_report

LOCAL = {"local": {"keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.12.1"}, "tf2.4": {}}


def test_counts_table_causes_and_what_else_there_is() -> None:
    report = a_report(
        failing("test_a[h5]", SCALE),
        failing("test_a[h5]", SCALE, runtime="tf2.4"),
        failing("test_b[keras]", LOST),
        failing("test_c[keras]", DRIFT, verdict="expected"),
        raising("test_d[h5]", "ValueError: <no> model | `none`"),
        failing("test_e[h5]", verdict="skipped"),
        runtimes=LOCAL,
        stale=("tests/test_it/test_gone",),
        problems=({"nodeid": "tests/test_z.py", "headline": "SyntaxError: invalid syntax"},),
        complete=False,
    )
    assert step_summary(report) == SUMMARY


SUMMARY = r"""### Model compatibility: ❌ 3 of 6 targets failed

⚠️ pytest stopped before all targets had run.

❗ not collected: `tests/test_z.py`: SyntaxError: invalid syntax

6 targets: 1 passed, 2 failed, 1 in error, 1 failed as expected, 1 skipped. local: Keras 3.15.1, TensorFlow 2.21.0, Python 3.12.1.

|  | local | tf2.4 |
| --- | --- | --- |
| `test_a[h5]` | ❌ UNKNOWN LAYER | ❌ UNKNOWN LAYER |
| `test_b[keras]` | ✅ ok | - |
| `test_c[keras]` | ☑️ xfail | - |
| `test_d[h5]` | ❗ error | - |
| `test_e[h5]` | ⏭️ skipped | - |

#### Failures by cause

<details open><summary><b>MC101 UNKNOWN LAYER</b> <code>Scale</code> (2 targets)</summary>

Keras 3.15 has no layer of this name, and the test declares none

- where: "scale\_1", third of 5 layers
- fix:

  ```
  from shop.layers import Scale
  @pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})
  ```

- targets: `test_a[h5]` in local, tf2.4
- [about this kind](https://github.com/modelcompat/pytest-modelcompat/blob/main/docs/kinds/unknown-layer.md)

</details>

<details open><summary><b>TEST ERROR</b> (1 target)</summary>

ValueError: \<no\> model \| \`none\`

- targets: `test_d[h5]` in local

</details>

#### Warnings

<details open><summary><b>MC305 ARGUMENT NOT SAVED</b> <code>Huber(delta=3.0)</code> (1 target)</summary>

get\_config() does not return it

- targets: `test_b[keras]` in local
- [about this kind](https://github.com/modelcompat/pytest-modelcompat/blob/main/docs/kinds/argument-not-saved.md)

</details>

Stale goldens, which no test claims: `tests/test_it/test_gone`
"""  # noqa: E501


def test_a_run_in_which_all_is_well_is_short() -> None:
    text = step_summary(a_report(failing("test_a[h5]"), runtimes={"local": LOCAL["local"]}))
    assert text.startswith("### Model compatibility: ✅ 1 target\n\n1 target: 1 passed. local: Keras 3.15.1")
    assert "#### " not in text


def test_a_run_in_which_all_is_skipped_is_not_well_either() -> None:
    text = step_summary(a_report(failing("test_a[h5]", verdict="skipped")))
    assert text.startswith("### Model compatibility: ⏭️ 1 target, all skipped\n\n1 target: 0 passed, 1 skipped.\n\n| ")


def test_a_run_that_was_not_complete_is_not_well() -> None:
    problem = {"nodeid": "test_it.py::test_dies", "headline": "worker 'gw0' crashed"}
    for report in (
        a_report(failing("test_a[h5]"), complete=False),
        a_report(failing("test_a[h5]"), problems=(problem,)),
    ):
        assert step_summary(report).startswith("### Model compatibility: ⚠️ 1 target, not complete\n")
    assert "❗ worker crashed: `test_it.py::test_dies`: worker 'gw0' crashed" in step_summary(report)


def test_of_very_many_rows_those_that_fail_are_shown() -> None:
    passing = [failing(f"test_{n}[h5]") for n in range(600)]
    text = step_summary(a_report(*passing, failing("test_bad[h5]", SCALE)))
    assert [line for line in text.splitlines() if line.startswith("| `")] == ["| `test_bad[h5]` | ❌ UNKNOWN LAYER |"]
    assert "Only rows with failures are shown; 600 rows more are not." in text


def test_what_would_be_too_long_for_github_ends_at_a_whole_part() -> None:
    long = [
        failing(f"test_{n}[h5]", replace(SCALE, subject=f"Läyer{n}", fix=("ü" * 2000,) * 9), runtime=f"tf{n}")
        for n in range(300)
    ]
    text = step_summary(a_report(*long))
    assert len(text.encode()) <= MOST_BYTES
    assert "250 more causes, of 250 targets." in text
    small = step_summary(a_report(*long), 40_000)
    assert 20_000 < len(small.encode()) <= 40_000
    assert small.endswith("</details>\n\nThe rest is too long for this page; pytest's output has all of it.\n")
    for page in (text, small):
        assert page.count("<details") == page.count("</details>")
        assert len(re.findall(r"^ *```", page, re.MULTILINE)) % 2 == 0
    assert step_summary(a_report(*long), 300) == ""


@pytest.mark.parametrize(
    "text", ["```\nend of a fence", "</summary></details>", "| a | b |", "# title", "@someone #12"]
)
def test_texts_of_models_change_nothing_of_the_page(text: str) -> None:
    finding = replace(SCALE, subject=text, cause=text, where=(text,), fix=(text,))
    page = step_summary(a_report(failing(f"test_a[{text}-h5]", finding)))
    opened, *_, closed = re.findall(r"^  (`{3,})$", page, re.MULTILINE)
    assert opened == closed
    assert opened not in text
    # What is neither in a block of code nor in a word of code nor escaped is Markdown of the page itself.
    before, _, rest = page.partition(f"  {opened}\n")
    markdown = re.sub(r"`[^`\n]*`|<code>[^<\n]*</code>|\\.", "", before + rest.partition(f"  {closed}\n")[2])
    assert markdown.count("</details>") == 1
    assert not re.search(r"^(# title|\| a|end of a fence)|@someone", markdown, re.MULTILINE)
