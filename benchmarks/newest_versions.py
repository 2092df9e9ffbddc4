"""Records the newest TensorFlow and Keras, released and not, and says what that breaks.

`python benchmarks/newest_versions.py --out DIR` asks uv which versions there are, makes an environment of the newest
releases and one of the newest pre-releases in the folder of runtimes, and records the profile of each into DIR. It
prints how each differs from the newest profiles that are built in, and which verdicts on the models of `examples/` are
others. It exits with 1 where a verdict is worse than in the nearest of them. `.github/workflows/monthly.yml` runs it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from published import needed, newest
from record_profiles import record

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.text import counted
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.profiles import store
from pytest_modelcompat.profiles.difference import profile_changes
from pytest_modelcompat.report.profile_changes import changes_page
from pytest_modelcompat.results.finding import Severity
from pytest_modelcompat.runtimes.environments import create
from pytest_modelcompat.runtimes.names import all_names
from pytest_modelcompat.runtimes.pins import PINS
from pytest_modelcompat.runtimes.runtime import Runtime, RuntimeUnavailableError
from pytest_modelcompat.runtimes.uv import find_uv

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.compatibility.verdict import CompatibilityResult
    from pytest_modelcompat.profiles.profile import Profile

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PYTHON = "3.13"
NIGHTLY = "keras-nightly"
# By name: the Keras beside TensorFlow, and the built-in runtimes that it is compared with, the nearest last.
KINDS = {
    "newest-releases": ("keras", (all_names()[-1],)),
    "newest-pre-releases": (NIGHTLY, (all_names()[-1], [name for name in PINS if "+" not in name][-1])),
}
# Saves every model of the examples in every format that takes it, and prints what else a load must be given.
SAVE = """
import inspect, sys
from pathlib import Path
from shop import layers, models

for name, build in inspect.getmembers(models, inspect.isfunction):
    if name.startswith("build_"):
        for target, save in (
            (name + ".h5", lambda model, path: model.save(path)),
            (name + ".keras", lambda model, path: model.save(path)),
            (name, lambda model, path: model.export(path, verbose=False)),
        ):
            try:
                save(build(), str(Path(sys.argv[1], target)))
            except Exception as error:
                print(f"{target} cannot be saved: {error!r:.80}", file=sys.stderr)
print(*(name for name, _ in inspect.getmembers(layers)))
"""
ORDER = list(Compatibility)


def main() -> int:
    """Records, compares and prints; the exit code says whether a verdict is worse."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where the profiles go")
    out = parser.parse_args().out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        models = Path(scratch)
        custom = saved_examples(models)
        worse = [is_worse(name, out, models, custom) for name in KINDS]
    return int(any(worse))


def saved_examples(models: Path) -> frozenset[str]:
    """Save the examples with the TensorFlow at hand; the names that a load of theirs is given."""
    command = [sys.executable, "-c", SAVE, str(models)]
    done = subprocess.run(command, cwd=EXAMPLES, stdout=subprocess.PIPE, text=True, check=True)
    return frozenset(done.stdout.splitlines()[-1].split())


def is_worse(name: str, out: Path, models: Path, custom: frozenset[str]) -> bool:
    """Record one kind, print what is other than in the built-in runtimes, and say whether a verdict is worse."""
    keras, built_in = KINDS[name]
    path = out / f"{name}.json"
    pins = newest(["tensorflow-cpu", keras], PYTHON, pre_releases=keras == NIGHTLY)
    path.write_text(json.dumps(profile_of(name, pins), indent=1, sort_keys=True), encoding="utf-8")
    new = replace(store.load_profile(str(path)), name=name)
    return [compared(store.load_profile(each), new, models, custom) for each in dict.fromkeys(built_in)][-1]


def compared(old: Profile, new: Profile, models: Path, custom: frozenset[str]) -> bool:
    """Print what is other than in one built-in runtime, and say whether a verdict is worse."""
    print("", f"==== {new.name}", *changes_page(old, new, profile_changes(old, new)), "", sep="\n")
    judged = [(before, after) for before, after in verdicts(models, custom, old, new) if differs(before, after)]
    for before, after in judged:
        print(f"{before.path.name}: {in_short(before)} in {old.name}, {in_short(after)} in {new.name}")
    print(f"{len(list(models.iterdir()))} models: {counted(len(judged), 'other verdict')}", flush=True)
    return any(ORDER.index(after.compatibility) > ORDER.index(before.compatibility) for before, after in judged)


def profile_of(name: str, pins: Mapping[str, str]) -> dict[str, Any]:
    """The profile of these versions, recorded in an environment that has them."""
    together = needed(pins, PYTHON)
    # A released TensorFlow asks for a released Keras, and both would be in the same folder.
    apart = NIGHTLY in pins and "keras" in together
    packages = {package: version for package, version in pins.items() if not (apart and package == NIGHTLY)}
    runtime = Runtime(name, PYTHON, tuple(f"{package}=={version}" for package, version in packages.items()))
    try:
        python = str(create(runtime, partial(print, flush=True)).python)
    except RuntimeUnavailableError as error:
        sys.exit("\n".join(filter(None, (str(error), *error.fix, error.quote))))
    if not apart:
        return record(python, "", "--name", name)
    with tempfile.TemporaryDirectory() as folder:
        install = ["pip", "install", "--quiet", "--no-deps", "--python", python, "--target", folder]
        subprocess.run([find_uv(name), *install, f"{NIGHTLY}=={pins[NIGHTLY]}"], check=True)
        return record(python, folder, "--name", name)


def verdicts(
    models: Path, custom: frozenset[str], *profiles: Profile
) -> Iterator[tuple[CompatibilityResult, CompatibilityResult]]:
    """Of each artifact what it is in the old profile, and in the new one."""
    for path in sorted(models.iterdir()):
        inventory = read_inventory(path)
        old, new = (check_compatibility(inventory, profile, custom=custom) for profile in profiles)
        yield old, new


def differs(before: CompatibilityResult, after: CompatibilityResult) -> bool:
    """Whether it is other, or is so for other causes."""
    return (before.compatibility, causes(before)) != (after.compatibility, causes(after))


def causes(result: CompatibilityResult) -> Sequence[str]:
    """What decides a verdict, in short."""
    deciding = (Severity.ERROR, Severity.CHANGE)
    return [f"{each.kind.value} {each.subject}" for each in result.findings if each.severity in deciding]


def in_short(result: CompatibilityResult) -> str:
    """A verdict with its causes."""
    found = ", ".join(causes(result))
    return f"{result.compatibility.value} ({found})" if found else result.compatibility.value


if __name__ == "__main__":
    sys.exit(main())
