"""How far rounding moves the outputs of layers: what the bounds of `comparison/layers.py` are chosen from.

    python benchmarks/layer_rounding.py [PYTHON ...]

The same models, with the same weights and inputs, are run here, here with other rounding (without oneDNN, in one
thread, in two halves of a batch), and by each PYTHON, an interpreter with another TensorFlow. For each model it prints
how far a layer moves at most, in epsilons of the least precise dtype so far, and the largest jump: how many times more
a layer moves than any before it. Then, for some bounds, in how many models they name a layer as first to diverge,
where nothing but rounding differs: by all numbers of the outputs, and by the sketches that goldens have.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rounding_models import BATCH, inputs_of, of_zoo, set_weights, with_free_batch

HERE = Path(__file__).resolve()
OTHER_ROUNDING = {"without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"}, "one thread": {}, "halves": {}}
ROUNDINGS, JUMPS = (4, 8, 16, 32, 64, 128, 256), (2, 4, 8, 16, 32)


def record(variant: str, out: str) -> None:
    """Write what the layers of all models give in this process."""
    sys.path.insert(0, str(HERE.parents[1]))
    import tensorflow as tf

    from pytest_modelcompat.loader import sketches

    sketches.MOST_SAMPLED = 1 << 30
    if variant == "one thread":
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    found = {}
    for name, build in [*with_free_batch(), *(of_zoo() if variant != "halves" else ())]:
        # What this Keras lacks, and what cannot be called with any numbers, is not compared.
        with contextlib.suppress(Exception):
            tf.keras.utils.set_random_seed(0)
            made = build(tf.keras)
            model, inputs = made if isinstance(made, tuple) else (made, [inputs_of(made)])
            set_weights(model)
            found[name] = outputs(model, inputs[0] if len(inputs) == 1 else inputs, variant)
        tf.keras.backend.clear_session()
    Path(out).write_bytes(pickle.dumps(found))


def outputs(model: Any, inputs: Any, variant: str) -> dict[str, Any]:
    """What `LayerTrace` records, of two halves put together where the variant asks for it."""
    from pytest_modelcompat.loader.layer_trace import LayerTrace

    parts = [inputs] if variant != "halves" else [inputs[: BATCH // 2], inputs[BATCH // 2 :]]
    recorded: list[dict[str, Any]] = []
    for part in parts:
        trace = LayerTrace(model)
        trace.run(part)
        recorded.append({"entries": trace.entries, "samples": trace.samples, "state": {}})
    if variant != "halves":
        return recorded[0]
    first, second = recorded
    for entry in first["entries"]:
        name = entry["sample"]
        entry.update(digest="halves", shape=[2 * entry["shape"][0], *entry["shape"][1:]])
        first["samples"][name] = np.concatenate([first["samples"][name], second["samples"][name]])
    return first


def run(python: str, variant: str, more: dict[str, str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "found")
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", **more}
        subprocess.run([python, HERE, "--record", variant, out], check=True, env=environment)
        found: dict[str, Any] = pickle.loads(out.read_bytes())  # noqa: S301 - written by this file
        return found


def steps(expected: dict[str, Any], actual: dict[str, Any], *, by_sketch: bool) -> list[tuple[float, float, str]]:
    """Of each output in turn: how many epsilons it moves, how many times more than any before, and its layer."""
    from pytest_modelcompat.comparison import layers
    from pytest_modelcompat.comparison.tolerance import Tolerance

    one, other = layers.layer_trace(expected), layers.layer_trace(actual)
    if by_sketch:
        rounded = (replace(e, sample=None, sketch=tuple(float(f"{n:.7g}") for n in e.sketch)) for e in one.outputs)
        one = replace(one, outputs=tuple(rounded))
    found, before = [], 0.0
    for each in layers.compare_layers(one, other, lambda *_: Tolerance(0.0, 1e-5, "")):
        if not each.is_equal and each.rounding:
            epsilons = each.relative / (each.rounding / layers._ROUNDING)  # noqa: SLF001 - the bound itself is measured
            found.append((epsilons, each.relative / before if before else np.inf, f"{each.expected.class_name}"))
        before = max(before, each.relative)
    return found


def main(pythons: list[str]) -> None:
    sys.path.insert(0, str(HERE.parents[1]))
    expected = run(sys.executable, "here", {})
    others = {name: run(sys.executable, name, more) for name, more in OTHER_ROUNDING.items()}
    others |= {python: run(python, "other", {}) for python in pythons}
    named: Counter[tuple[bool, int, int]] = Counter()
    for name, actual in others.items():
        print(f"\n{name}: epsilons at most, in; largest jump to at least 4 epsilons, in")
        for model in [each for each in expected if each in actual]:
            for by_sketch in (False, True) if name != "halves" else (False,):
                found = steps(expected[model], actual[model], by_sketch=by_sketch)
                named.update(
                    (by_sketch, bound, jump)
                    for bound in ROUNDINGS
                    for jump in JUMPS
                    if any(epsilons > bound and times > jump for epsilons, times, _ in found)
                )
                most = max(found, default=(0.0, 0.0, "equal"))
                times, jumped, cls = max(((each[1], *each[::2]) for each in found if each[0] > 4), default=(0, 0, ""))
                label = f"{model}{', sketches' if by_sketch else ''}"
                print(f"  {label:40} {most[0]:8.1f} {most[2]:24} {times:8.1f} to {jumped:.0f} {cls}")
    for by_sketch in (False, True):
        print(f"\nfalse first layers, of {'sketches' if by_sketch else 'outputs'}; jumps {JUMPS}")
        for bound in ROUNDINGS:
            print(f"  {bound:4} epsilons  {[named[by_sketch, bound, jump] for jump in JUMPS]}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--record"]:
        record(*sys.argv[2:])
    else:
        main(sys.argv[1:])
