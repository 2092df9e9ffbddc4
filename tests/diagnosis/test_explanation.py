"""What a log reports, whatever wrote it: each failure once, with its kind and what it names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_modelcompat.diagnosis.explanation import Explanation, Unexplained, explanations
from pytest_modelcompat.results.finding import Kind
from tests.diagnosis.traceback_kinds import KINDS, SUBJECTS

TRACEBACKS = Path(__file__).with_name("tracebacks")
UNKNOWN = """\
Traceback (most recent call last):
  File "/srv/shop/serve.py", line 12, in <module>
    model = tf.keras.models.load_model("ranker.h5")
  File "/opt/venv/site-packages/keras/engine/base_layer.py", line 760, in from_config
    return cls(**config)
ValueError: Unknown layer: 'Scale'. Please ensure this object is passed to the `custom_objects` argument.
"""
OP = (
    "Op type not registered 'SentencepieceOp' in binary running on worker-1. Make sure the Op and Kernel are registered"
)


def found_in(log: str) -> list[tuple[Kind, str]]:
    found, unknown = explanations(log)
    assert not unknown, unknown
    return [each.finding.identity for each in found]


def only(log: str) -> Explanation:
    (found,), unknown = explanations(log)
    assert not unknown, unknown
    return found


def is_scale(log: str) -> bool:
    """Whether the layer is all that is found, as the exception that it is: a text alone would be found as well."""
    explanation = only(log)
    assert explanation.raised == "ValueError"
    return explanation.finding.identity == (Kind.UNKNOWN_LAYER, "Scale")


def nothing_but(log: str) -> Unexplained:
    found, (unknown,) = explanations(log)
    assert not found, found
    return unknown


def test_there_are_as_many_real_tracebacks_as_the_table_has() -> None:
    assert {path.stem for path in TRACEBACKS.glob("*.txt")} == set(KINDS)
    assert len(KINDS) >= 60
    assert len({name.partition("-")[0] for name in KINDS}) >= 6, "versions"
    assert len(set(KINDS.values())) >= 20, "kinds"


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_real_traceback(name: str) -> None:
    explanation = only((TRACEBACKS / f"{name}.txt").read_text(encoding="utf-8"))
    finding = explanation.finding
    assert finding.kind is KINDS[name], finding
    assert finding.subject == SUBJECTS.get(name, finding.subject)
    said = "".join((finding.subject, finding.cause, *finding.fix))
    assert "$" not in said
    assert "  " not in finding.cause.replace(finding.quote, "")
    assert "the test" not in said, "there is none"
    assert "pytest" not in said
    assert finding.fix, finding


@pytest.mark.parametrize(
    "prefix",
    [
        "2024-05-01T12:00:00.1234567Z ",
        "2024-05-01 12:00:00,123 ERROR serve: ",
        "[2024-05-01 12:00:00 +0000] [7] [ERROR] ",
        "web-1  | ",
        "ranker | 2024-05-01 12:00:00,123 ",
        "[pod/ranker-5d9c/serve] ",
        "Nov 30 19:20:04 worker serve[123]: ",
        "ERROR:root:",
        "\x1b[36mweb-1  |\x1b[0m ",
        "12:00:00.123 [stderr] ",
        "  | ",
    ],
)
def test_what_stands_before_each_line(prefix: str) -> None:
    log = "".join(f"{prefix}{line}\n" for line in UNKNOWN.splitlines())
    explanation = only(f"starting\n{log}done\n")
    assert explanation.finding.identity == (Kind.UNKNOWN_LAYER, "Scale")
    assert explanation.lines == (7,)
    assert explanation.raised == "ValueError"


def test_of_a_container_that_repeats_the_time_with_other_digits() -> None:
    log = "".join(
        f"2024-05-01 12:00:{number:02},{number}5 serve: {line}\n" for number, line in enumerate(UNKNOWN.splitlines())
    )
    assert is_scale(log)


def test_colours_of_python_3_13() -> None:
    log = UNKNOWN.replace("ValueError", "\x1b[1;35mValueError\x1b[0m").replace("Unknown layer", "\x1b[35mUnknown layer")
    assert is_scale(log)


def test_windows() -> None:
    assert is_scale(UNKNOWN.replace("\n", "\r\n").replace("/", "\\"))


def test_a_traceback_inside_json() -> None:
    assert is_scale(json.dumps({"severity": "ERROR", "message": UNKNOWN}))


def test_pytest() -> None:
    log = """\
=================================== FAILURES ===================================
__________________________________ test_serve __________________________________

    def test_serve():
>       keras.models.load_model("ranker.h5")

/opt/venv/site-packages/keras/src/saving/saving_api.py:189: in load_model
    return legacy_h5_format.load_model_from_hdf5(filepath)
E               TypeError: Error when deserializing class 'DepthwiseConv2D' using config={'groups': 1}.
E
E               Exception encountered: Unrecognized keyword arguments passed to DepthwiseConv2D: {'groups': 1}

serve.py:3: TypeError
=========================== short test summary info ============================
FAILED test_serve.py::test_serve - TypeError: Error when deserializing class ...
"""
    found, _ = explanations(log)
    assert [each.finding.identity for each in found] == [(Kind.UNKNOWN_ARGUMENT, "DepthwiseConv2D(groups=…)")]


def test_a_notebook() -> None:
    log = """\
---------------------------------------------------------------------------
ValueError                                Traceback (most recent call last)
Cell In[2], line 1
----> 1 model = keras.models.load_model("ranker.h5")

File /opt/venv/site-packages/keras/saving/save.py:205, in load_model(filepath)
    203     return hdf5_format.load_model_from_hdf5(filepath)

ValueError: Unknown layer: 'Scale'. Please ensure this object is passed to the `custom_objects` argument.
"""
    assert is_scale(log)


class TestSeveral:
    def test_different_failures_in_the_order_of_their_lines(self) -> None:
        log = f"{UNKNOWN}retrying\n{UNKNOWN.replace('Scale', 'Shift')}2024-05-01 12:00:00: E tensorflow/core: {OP}\n"
        assert found_in(log) == [
            (Kind.UNKNOWN_LAYER, "Scale"),
            (Kind.UNKNOWN_LAYER, "Shift"),
            (Kind.UNKNOWN_OP, "SentencepieceOp"),
        ]

    def test_the_same_failure_is_one_with_all_its_lines(self) -> None:
        assert only(UNKNOWN + "retrying\n" + UNKNOWN).lines == (6, 13)

    def test_of_a_chain_the_one_that_is_known(self) -> None:
        log = f"{UNKNOWN}\nDuring handling of the above exception, another exception occurred:\n\n" + UNKNOWN.replace(
            "ValueError: Unknown layer: 'Scale'.", "serve.NotReady: the ranker is not there."
        )
        assert only(log).lines == (6,)

    def test_a_log_of_a_server_in_cpp(self) -> None:
        log = (
            f"E tensorflow_serving/util/retrier.cc:37] Loading servable: {{name: m version: 1}} failed: Not found: {OP}"
        )
        explanation = only(log)
        assert explanation.finding.identity == (Kind.UNKNOWN_OP, "SentencepieceOp")
        assert explanation.raised == ""


class TestEndings:
    @pytest.mark.parametrize(
        ("line", "kind"),
        [
            ("Fatal Python error: Segmentation fault", Kind.LOADER_CRASHED),
            ("./serve.sh: line 3: 12345 Segmentation fault      (core dumped) python serve.py", Kind.LOADER_CRASHED),
            ("Illegal instruction (core dumped)", Kind.LOADER_CRASHED),
            ("serve exited with code 139", Kind.LOADER_CRASHED),
            ("serve exited with code 137", Kind.OUT_OF_MEMORY),
            ("    Reason:       OOMKilled", Kind.OUT_OF_MEMORY),
            ("Killed", Kind.OUT_OF_MEMORY),
            ("MemoryError", Kind.OUT_OF_MEMORY),
            ("OSError: [Errno 28] No space left on device", Kind.DISK_FULL),
        ],
    )
    def test_of_a_process(self, line: str, kind: Kind) -> None:
        assert only(f"starting\n{line}\n").finding.kind is kind

    def test_what_a_signal_means_is_a_guess(self) -> None:
        assert only("Segmentation fault (core dumped)").is_guess
        assert not only(UNKNOWN).is_guess

    def test_a_module_that_is_missing(self) -> None:
        log = "Traceback (most recent call last):\n  File \"a.py\", line 1\nModuleNotFoundError: No module named '{}'\n"
        assert only(log.format("shop.layers")).finding.identity == (Kind.IMPORT_FAILED, "shop.layers")
        assert only(log.format("tensorflow")).finding.identity == (Kind.NO_TENSORFLOW, "tensorflow")


class TestNotKnown:
    def test_an_exception_is_named(self) -> None:
        unknown = nothing_but(UNKNOWN.replace("Unknown layer: 'Scale'", "the shelf is empty"))
        assert (unknown.raised, unknown.line) == ("ValueError", 6)
        assert unknown.quote.startswith("the shelf is empty")

    @pytest.mark.parametrize(
        "said",
        [
            "TypeError: __init__() missing 1 required positional argument: 'port'",
            "TypeError: string indices must be integers",
            "TypeError: 'str' object is not callable",
            "NameError: name 'port' is not defined",
            "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        ],
    )
    def test_what_any_program_may_say_is_not_put_down_to_a_model(self, said: str) -> None:
        nothing_but(f'Traceback (most recent call last):\n  File "web.py", line 1, in <module>\n    main()\n{said}\n')

    @pytest.mark.parametrize(
        "log",
        [
            "",
            "all is well\n",
            "2024-05-01 12:00:00 INFO loaded ranker.h5 in 3 s, 0 errors\n",
            "WARNING:tensorflow:Compiled the loaded model, but the compiled metrics have yet to be built\n",
            "test_models.py::test_it PASSED\n========= 3 passed in 2.10s =========\n",
            "Epoch 1/3\r1/3 [===>....] - loss: 0.5\r3/3 [========] - loss: 0.1\n",
        ],
    )
    def test_a_log_without_a_failure(self, log: str) -> None:
        assert explanations(log) == ((), ())


def test_our_own_failure_text_is_known_by_its_heading() -> None:
    log = "UNKNOWN LAYER  test_ranker[h5]: the saved model cannot be loaded again with what the test declares\n"
    assert only(log).finding.identity == (Kind.UNKNOWN_LAYER, "test_ranker[h5]")


def test_the_python_of_the_traceback_is_named() -> None:
    log = UNKNOWN.replace("/opt/venv/", "/usr/lib/python3.11/").replace(
        "Unknown layer: 'Scale'", "bad marshal data (unknown type code)"
    )
    explanation = only(log)
    assert explanation.finding.kind is Kind.PYTHON_BYTECODE
    assert "this is CPython 3.11" in explanation.finding.cause


def test_a_huge_log_is_read_in_seconds() -> None:
    log = "2024-05-01 12:00:00 INFO request served in 3 ms\n" * 50_000 + UNKNOWN
    assert only(log).finding.identity == (Kind.UNKNOWN_LAYER, "Scale")
