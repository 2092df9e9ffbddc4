"""A corner of the accuracy matrix, in real TensorFlow versions: what is predicted is what happens."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks" / "accuracy"
RUNTIMES = ("tf2.15", "tf2.16")
MODELS = ("dense", "functional_in_sequential", "lstm", "lambda_arithmetic", "text_vectorization", "registered_layer")


@pytest.mark.runtimes
@pytest.mark.timeout(1800)
def test_what_is_predicted_is_what_happens(tmp_path: Path) -> None:
    """Needs uv to create the runtimes, in the cache folder, where they stay."""
    matrix = ["--out", tmp_path, "--savers", *RUNTIMES, "--loaders", *RUNTIMES]
    built = run("matrix.py", *matrix, "--models", *MODELS)
    assert built.returncode == 0, built.stderr[-4000:]
    results = tmp_path / "results.jsonl"
    seen = Counter(json.loads(line)["outcome"] for line in results.read_text(encoding="utf-8").splitlines())
    assert seen["loads"] >= 20
    assert seen["fails"] >= 20
    compared = run("compare.py", results, "--before", BENCHMARKS.parents[1])
    assert compared.returncode == 0, compared.stdout
    before, now = compared.stdout.splitlines()[:2]
    assert before == f"before: {now}", "the same commit gives the same verdicts"


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
