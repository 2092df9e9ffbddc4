"""A page of 200 cases in 12 targets each, made of real result objects: its size, and how long it takes to write.

    python benchmarks/report_page.py [--cases 200] [--out page.html]

A sixth of the targets fail: their outputs are really compared, and their differences binned. Nothing is loaded.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pytest_modelcompat.comparison.leaves import expanded_leaf
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.pictures import picture_of
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.report import report_file
from pytest_modelcompat.report.json_report import Report, portable, result_data
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.results.layer_figure import LayerFigure
from pytest_modelcompat.results.result import Result, ResultContext
from pytest_modelcompat.roundtrip.drift_details import drift_details

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

FORMATS = ("h5", "keras", "saved_model")
RUNTIMES = ("local", "tf2.13", "tf2.15", "tf2.18")
STARTED = "2026-03-01T10:00:00.000+00:00"
LAYERS = 40


def versions(runtime: str) -> dict[str, str]:
    """Of a runtime, as a loader gives them."""
    return {
        "keras": "3.15.1" if runtime == "local" else runtime.replace("tf", ""),
        "tensorflow": "2.21.0",
        "python": "3.12.1",
    }


def drifted(title: str, seed: int, facts: ResultContext, runtime: str) -> Result:
    """A target whose output is not that of its golden, with the differences of 40 layers."""
    draw = np.random.default_rng(seed)
    expected = draw.normal(size=(32, 64)).astype("float32")
    actual = expected.copy()
    actual[seed % 32] += draw.normal(scale=10.0 ** -(seed % 5), size=64).astype("float32")
    compared = compare_outputs(
        {"score": actual}, {"score": expected}, lambda *_: Tolerance(1.3e-6, 1e-5, "dtype float32")
    )
    first = 3 + seed % 20
    layers = tuple(
        LayerFigure(
            f"encoder/block_{place}/dense_{place}", "Dense", size, size / 1e-5, place == first, is_estimated=True
        )
        for place in range(LAYERS)
        for size in [0.0 if place < first else 1e-4 * 1.2 ** (place - first)]
    )
    finding = Finding(
        Kind.PREDICTIONS_DRIFTED,
        "score",
        cause=("the model changed, its serialization did not", "the numerics changed")[seed % 2],
        blame=Blame.MODEL,
        details=(
            *drift_details(compared.drifts),
            ("reloaded", "equals the model that was saved, bit for bit: serialization is not the cause"),
            ("weights", f"differ from the golden's in 1 of 80: dense_{first}/kernel"),
        ),
        layers=layers,
    )
    picture = picture_of("score", "golden", expanded_leaf(actual), expanded_leaf(expected))
    return Result(
        title, title.partition("[")[0], title.partition("[")[2].rstrip("]").partition("-")[0], runtime, (finding,),
        facts,
        golden_drifts=compared.drifts, timings={"load": 0.8, "predict": 0.2}, peak_memory=250_000_000,
        pictures=(picture,) if picture is not None else (), inventory=INVENTORY,
    )  # fmt: skip


INVENTORY: dict[str, object] = {
    "model_class": "Functional", "layers": LAYERS, "layer_classes": {"Dense": 30, "LayerNormalization": 10}, "ops": 0,
    "signatures": [], "weights": 80, "parameters": 1_200_000, "weight_bytes": 4_800_000, "compute_dtypes": ["float32"],
    "compiled": True,
}  # fmt: skip


def result(case: int, number: int, format_: str, runtime: str) -> Result:
    """A target: every sixth fails, some of them because nothing loads."""
    name = f"test_model_{case:03}"
    title = f"{name}[{format_}{'' if runtime == 'local' else f'-{runtime}'}]"
    facts = ResultContext(
        f"{name}: model.{format_}", versions("local"), versions(runtime), golden=f"golden/test_models/{name}",
        golden_made_by=versions("local"), accept=f"pytest tests/test_models.py::{name} --modelcompat-update-golden",
    )  # fmt: skip
    seed = case * 12 + number
    if seed % 6:
        same = np.linspace(0, 1, 128, dtype="float32").reshape(32, 4)
        drifts = compare_outputs({"score": same}, {"score": same}, lambda *_: Tolerance(1.3e-6, 1e-5, "dtype float32"))
        return Result(title, name, format_, runtime, (), facts, drifts.drifts, "matched", timings={"load": 0.8},
                      peak_memory=250_000_000, inventory=INVENTORY)  # fmt: skip
    if seed % 18 == 0:
        layer = f"Scale{case % 7}"
        finding = Finding(
            Kind.UNKNOWN_LAYER, layer, ('"scale_in", second of 40 layers',),
            "Keras has no layer of this name, and the test declares none",
            (f'@pytest.mark.model_roundtrip(custom_objects={{"{layer}": {layer}}})',),
            quote=f"Unknown layer: '{layer}'. Please ensure you are using a `keras.utils.custom_object_scope` …",
        )  # fmt: skip
        return Result(title, name, format_, runtime, (finding,), facts, inventory=INVENTORY)
    return drifted(title, seed, facts, runtime)


def targets(cases: int) -> Iterator[dict[str, Any]]:
    """The targets of that many cases, as a run reports them."""
    for case in range(cases):
        for number, (format_, runtime) in enumerate((f, r) for f in FORMATS for r in RUNTIMES):
            made = result(case, number, format_, runtime)
            data: dict[str, Any] = portable(result_data(made, seconds=1.5))
            data.pop("loaded_by")
            yield {"nodeid": f"tests/test_models.py::{made.title}", "started": STARTED, **data}


def report(cases: int) -> Report:
    """A report of that many cases, in 12 targets each."""
    return Report(STARTED, 900.0, "shop", {name: versions(name) for name in RUNTIMES}, tuple(targets(cases)))


def main() -> None:
    """Write a page and print what it takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    made = report(options.cases)
    for suffix in (".json", ".html", ".md"):
        with tempfile.TemporaryDirectory() as folder:
            file = options.out if options.out and suffix == ".html" else Path(folder) / f"report{suffix}"
            began = time.perf_counter()
            report_file.write(made, file, data="report.json")
            seconds = time.perf_counter() - began
            print(f"{len(made.targets):,} targets  {suffix}  {file.stat().st_size / 1e6:.2f} MB  {seconds:.1f} s")


if __name__ == "__main__":
    main()
