"""How many artifacts of the accuracy matrix load and predict the same once they are migrated.

    python benchmarks/migration.py --matrix FOLDER --runtime tf2.21 [--savers NAME...] [--models NAME...]

takes what `accuracy/matrix.py` has left in FOLDER: every .h5 and .keras, and every SavedModel with `--formats`, that
does not load in the runtime, or predicts something else there. Each is migrated without a proof, loaded in the
runtime, and held against the outputs of the model that was saved.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from accuracy.loads import Artifact, Load, _job, _outcome  # noqa: E402 - its folder is on the path only now

from pytest_modelcompat.artifacts import read_inventory  # noqa: E402
from pytest_modelcompat.migration.plan import plan_edits  # noqa: E402
from pytest_modelcompat.migration.rewrite import Rewrite, write  # noqa: E402
from pytest_modelcompat.migration.saved_model.folder import write_saved_model  # noqa: E402
from pytest_modelcompat.migration.saved_model.graph_plan import plan_saved_model  # noqa: E402
from pytest_modelcompat.migration.target import Target  # noqa: E402
from pytest_modelcompat.profiles.store import load_profile  # noqa: E402
from pytest_modelcompat.runtimes.builtin import builtin_runtime  # noqa: E402
from pytest_modelcompat.runtimes.environments import interpreter_of  # noqa: E402
from pytest_modelcompat.runtimes.process import LoaderProcess  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 60.0
LIKE = ("loads",)


def main() -> None:
    """Migrate, load, and print a table; each that is not right beside its reason."""
    options = arguments()
    runtime = builtin_runtime(options.runtime)
    profile = load_profile(options.runtime)
    loader = LoaderProcess(python=interpreter_of(runtime), environment=runtime.env)
    out = options.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    counts: Counter[tuple[str, str, str]] = Counter()
    try:
        for artifact in artifacts(options):
            before = attempt(loader, artifact, artifact.path)
            if before[0] == "loads":
                continue
            after, text = migrated(artifact, profile, loader, out)
            counts[artifact.saver, artifact.format, after] += 1
            if after not in LIKE or options.all:
                print(f"{after:12} {artifact.saver} {artifact.model}.{artifact.format}: {text}", flush=True)
    finally:
        loader.close()
    print()
    for key, count in sorted(counts.items()):
        print(f"{count:5}  {'  '.join(key)}")
    total = Counter({outcome: 0 for _, _, outcome in counts})
    for (_, _, outcome), count in counts.items():
        total[outcome] += count
    print(dict(total))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--matrix", type=Path, required=True, help="what accuracy/matrix.py has left")
    parser.add_argument("--runtime", required=True, help="where to migrate to")
    parser.add_argument("--savers", nargs="+", help="some of those that saved; default: all")
    parser.add_argument("--models", nargs="+", help="some of the models; default: all")
    parser.add_argument("--formats", nargs="+", default=["h5", "keras"], help="some of the formats")
    parser.add_argument(
        "--out", type=Path, default=Path("migrated"), help="where migrated files go; it is emptied first"
    )
    parser.add_argument("--all", action="store_true", help="print those that are right, too")
    return parser.parse_args()


def artifacts(options: argparse.Namespace) -> Iterator[Artifact]:
    """The artifacts of the matrix that are asked for."""
    for folder in sorted((options.matrix / "artifacts").iterdir()):
        if options.savers and folder.name not in options.savers:
            continue
        for line in (folder / "saved.jsonl").read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            if note["error"] or note["format"] not in options.formats:
                continue
            if not options.models or note["model"] in options.models:
                yield Artifact.of_note(folder.name, folder, note)


def attempt(loader: LoaderProcess, artifact: Artifact, path: Path, form: str = "") -> tuple[str, str]:
    """What happens to a file in the runtime: `loads`, `changed`, `fails`, `crash` or `hang`, and what was said."""
    at = replace(artifact, path=path, format=form or artifact.format)
    load = Load(at, artifact.objects, safe_mode=not artifact.unsafe)
    others = ("graph",) if at.format == "saved_model" else ()
    loaded = loader.run(replace(_job(load, TIMEOUT), saved_model_loaders=others))
    outcome, _, message = _outcome(artifact, loaded)
    failed = [(each.error or {}).get("message", "") for each in loaded.other_results.values() if not each.succeeded]
    return ("fails", f"graph loader: {failed[0]}") if outcome == "loads" and failed else (outcome, message)


def migrated(artifact: Artifact, profile: Any, loader: LoaderProcess, out: Path) -> tuple[str, str]:
    """What becomes of an artifact once it is migrated, in one word, and why."""
    inventory = read_inventory(artifact.path)
    target = Target(profile, dict(inventory.saved_by), frozenset(artifact.objects), safe_mode=not artifact.unsafe)
    if artifact.format == "saved_model":
        return migrated_folder(artifact, inventory, target, loader, out)
    plan = plan_edits(inventory, target)
    if plan.left:
        first = plan.left[0]
        return "left", f"{first.kind.value} {first.subject}: {first.cause[:140]} (of {len(plan.left)})"
    path = out / f"{artifact.saver}-{artifact.model}{plan.draft.suffix or f'.{plan.draft.format}'}"
    write(Rewrite.of(plan.draft), path)
    outcome, message = attempt(loader, artifact, path, plan.draft.format)
    path.unlink()
    edits = ", ".join(each.name for each in plan.edits)
    return outcome, f"{message[:300]!r} after {edits or 'no edit'}"


def migrated_folder(
    artifact: Artifact, inventory: Any, target: Target, loader: LoaderProcess, out: Path
) -> tuple[str, str]:
    """What becomes of a SavedModel once it is migrated, loaded by TensorFlow's graph loader too, and why."""
    plan = plan_saved_model(inventory, target)
    if plan.left:
        return "left", plan.needs[0].text
    path = out / f"{artifact.saver}-{artifact.model}"
    write_saved_model(plan, path)
    outcome, message = attempt(loader, artifact, path)
    shutil.rmtree(path)
    edits = ", ".join(each.name for each in plan.edits)
    return outcome, f"{message[:300]!r} after {edits or 'no edit'}"


if __name__ == "__main__":
    main()
