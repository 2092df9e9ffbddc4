"""The page of real models, and how its script takes a printed fix and pastes it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmarks"))

from real.cells import FORMATS  # noqa: E402 - the folder of benchmarks is on the path only now
from real.paste import edited, paste_of  # noqa: E402

PAGE = (ROOT / "docs" / "real-models.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
FAILURES = [row for row in ROWS if len(row) == len(("target", "first line", "what is printed", "with it"))]


class TestPage:
    def test_has_models_of_every_source(self) -> None:
        models = [row for row in ROWS if len(row) == 1 + len(FORMATS) and row[0] != "model"]
        assert len(models) >= 40
        assert PAGE.count("\n## ") == 4

    @pytest.mark.parametrize("text", [" at 0x", "your_module", "the_argument", "…"])
    def test_holds_no_address_and_no_placeholder(self, text: str) -> None:
        assert text not in PAGE.partition("\n## ")[2]

    def test_cuts_no_sentence_short(self) -> None:
        """In code three dots stand for what the user's own code has there."""
        first_lines = [row[1] for row in FAILURES]
        assert not [
            line for line in first_lines if line.endswith((",", ":", " and", " of")) or "..." in without_calls(line)
        ]

    def test_says_of_each_failure_what_why_and_what_to_do(self) -> None:
        rows = [row for row in FAILURES if row[0] != "target"]
        assert rows
        for target, first_line, printed, _ in rows:
            kind, _, cause = first_line.partition(": ")
            assert kind.isupper(), target
            assert len(cause.split()) > 3, target
            assert printed.strip("` "), target


def without_calls(text: str) -> str:
    """A text without the calls that it names, as `tf.saved_model.save(model, ...)`."""
    return re.sub(r"\([^()]*\.\.\.\)", "()", text)


MODULE = """
class Encoder(Layer):
    def __init__(self, size):
        super().__init__()
        self.dense = Dense(size)

    def call(self, x):
        return self.dense(x)


class Other:
    pass
"""


class TestPasting:
    def test_takes_the_first_alternative_that_is_code(self) -> None:
        fix = [
            "replace the lambda by a layer",
            "or, if you trust the file: @pytest.mark.model_roundtrip(safe_mode=False)",
            "or @pytest.mark.model_roundtrip(formats=[])",
        ]
        paste = paste_of([{"subject": "Lambda", "fix": fix}])
        assert paste.lines == ["@pytest.mark.model_roundtrip(safe_mode=False)"]

    def test_takes_imports_with_their_marker_and_each_once(self) -> None:
        fix = ["from shop import Scale\n@pytest.mark.model_roundtrip(custom_objects={})", "or decorate it"]
        paste = paste_of([{"subject": "Scale", "fix": fix}, {"subject": "Shift", "fix": fix}])
        assert paste.text().split("\n") == [
            "from shop import Scale",
            "@pytest.mark.model_roundtrip(custom_objects={})",
        ]

    def test_takes_nothing_that_is_to_be_done_by_hand_first(self) -> None:
        fix = ["move loss out of within() to the top level of shop\nfrom shop import loss", "or leave it out"]
        assert not paste_of([{"subject": "loss", "fix": fix}])

    def test_puts_methods_into_their_class(self) -> None:
        init = "def __init__(self, size, **kwargs):\n    super().__init__(**kwargs)\n    self.size = size"
        config = 'def get_config(self):\n    return {**super().get_config(), "size": self.size}'
        text = edited(MODULE, {"Encoder": [init, config]})
        compile(text, "edited", "exec")
        encoder, _, other = text.partition("class Other")
        assert encoder.count("super().__init__(") == encoder.count("def __init__") == 1
        assert "self.dense = Dense(size)" in encoder
        assert re.search(r"return self\.dense\(x\)\n\n    def get_config", encoder)
        assert "get_config" not in other
