"""How many artifacts of the accuracy matrix load and predict the same once they are migrated.

    python benchmarks/migration.py --matrix FOLDER --runtime tf2.21 [--savers NAME...] [--models NAME...]

takes what `accuracy/matrix.py` has left in FOLDER: every .h5 and .keras, and every SavedModel with `--formats`, that
does not load in the runtime, or predicts something else there. Each is migrated without a proof, loaded in the
runtime, and held against the outputs of the model that was saved. What predicts something else is proven as well: a
proof that held would be wrong, and the command exits with 1. It prints each artifact that is not right, and a table.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from accuracy.loads import OBJECTS, OBJECTS_FILE, Artifact, Load, _job, _outcome  # noqa: E402 - its folder is on the path only now

from pytest_modelcompat.artifacts import read_inventory  # noqa: E402
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError  # noqa: E402
from pytest_modelcompat.cli.derivation import derivation  # noqa: E402
from pytest_modelcompat.migration.needs.ways import CODE, DATA  # noqa: E402
from pytest_modelcompat.migration.output.rewrite import Rewrite, write  # noqa: E402
from pytest_modelcompat.migration.plan import plan_edits  # noqa: E402
from pytest_modelcompat.migration.proof.evidence.attempts import LoadOptions  # noqa: E402
from pytest_modelcompat.migration.proof.prover import Prover  # noqa: E402
from pytest_modelcompat.migration.proof.request import ProofRequest  # noqa: E402
from pytest_modelcompat.migration.saved_model.folder import write_saved_model  # noqa: E402
from pytest_modelcompat.migration.saved_model.graph_plan import plan_saved_model  # noqa: E402
from pytest_modelcompat.migration.target import Target  # noqa: E402
from pytest_modelcompat.profiles.store import load_profile  # noqa: E402
from pytest_modelcompat.results.migration import Lost  # noqa: E402
from pytest_modelcompat.runtimes.builtin import builtin_runtime  # noqa: E402
from pytest_modelcompat.runtimes.environments import interpreter_of  # noqa: E402
from pytest_modelcompat.runtimes.process import LoaderProcess  # noqa: E402
from pytest_modelcompat.runtimes.protocol import Declarations  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.results.migration import Need, PlannedEdit

TIMEOUT = 60.0
SAME, NO_WAY, UNREADABLE, CHANGED = "same", "no way", "unreadable", "changed"
OUTSIDE = (CODE, DATA, UNREADABLE)
COLUMNS = (SAME, CODE, DATA, NO_WAY, "fails", CHANGED, UNREADABLE)


@dataclass(frozen=True)
class Row:
    """One artifact that does not load, or predicts something else, and what becomes of it.

    Args:
        saver: the runtime that saved it.
        model: the model's name.
        format: the artifact's.
        runtime: where it is migrated to.
        before: what happens there without a migration.
        outcome: one of `COLUMNS`.
        reason: why it is not the same; the edits where it is.
        proven: whether a proof holds of what predicts something else.
    """

    saver: str
    model: str
    format: str
    runtime: str
    before: str
    outcome: str
    reason: str
    proven: bool = False


class Bench:
    """The runtime, its loader, and where files go.

    Args:
        runtime: the runtime's name.
        out: the folder for migrated files.
    """

    def __init__(self, runtime: str, out: Path) -> None:
        self.runtime, self.out, self.profile = runtime, out, load_profile(runtime)
        found = builtin_runtime(runtime)
        self.loader = LoaderProcess(python=interpreter_of(found), environment=found.env)

    def row(self, artifact: Artifact) -> Row | None:
        """What becomes of an artifact; None of one that loads and predicts the same as it is."""
        before, _ = self.attempt(artifact, artifact.path, artifact.format)
        if before == "loads":
            return None
        try:
            outcome, reason, proven = self.migrated(artifact, read_inventory(artifact.path))
        except BrokenArtifactError as error:
            outcome, reason, proven = UNREADABLE, str(error), False
        return Row(
            artifact.saver, artifact.model, artifact.format, self.runtime, before, outcome, reason, proven=proven
        )

    def migrated(self, artifact: Artifact, inventory: Inventory) -> tuple[str, str, bool]:
        """What becomes of it once it is migrated, why, and whether a proof holds that must not."""
        target = Target(
            self.profile, dict(inventory.saved_by), frozenset(artifact.objects), safe_mode=not artifact.unsafe
        )
        stem = self.out / f"{artifact.saver}-{artifact.model}"
        if artifact.format == "saved_model":
            graph = plan_saved_model(inventory, target)
            if not graph.needs:
                write_saved_model(graph, stem)
                return self.compared(artifact, inventory, stem, "saved_model", graph.edits)
            return _left(graph.needs)
        plan = plan_edits(inventory, target)
        if plan.needs:
            return _left(plan.needs)
        path = stem.with_name(f"{stem.name}{plan.draft.suffix or f'.{plan.draft.format}'}")
        write(Rewrite.of(plan.draft), path)
        return self.compared(artifact, inventory, path, plan.draft.format, plan.edits)

    def compared(
        self, artifact: Artifact, inventory: Inventory, path: Path, form: str, edits: Sequence[PlannedEdit]
    ) -> tuple[str, str, bool]:
        """What a migrated file does in the runtime, which is removed afterwards."""
        names = ", ".join(each.name for each in edits) or "no edit"
        outcome, message = self.attempt(artifact, path, form)
        proven = outcome == CHANGED and self.is_proven(artifact, inventory, path, edits)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        if outcome == "loads":
            return SAME, names, False
        return outcome if outcome == CHANGED else "fails", f"{message[:300]!r} after {names}", proven

    def is_proven(self, artifact: Artifact, inventory: Inventory, path: Path, edits: Sequence[PlannedEdit]) -> bool:
        """Whether a proof holds of a file that predicts something else."""
        declared = Declarations(
            custom_objects={name: (OBJECTS, name) for name in artifact.objects}, files={OBJECTS: str(OBJECTS_FILE)}
        )
        request = ProofRequest(
            self.runtime, derivation(), options=LoadOptions(declared, safe_mode=not artifact.unsafe), may_create=False
        )
        with closing(Prover(request)) as prover:
            lost = [Lost(each.loses, each.loses_loss) for each in edits if each.loses]
            return prover.prove(inventory, read_inventory(path), lost).holds

    def attempt(self, artifact: Artifact, path: Path, form: str) -> tuple[str, str]:
        """What happens to a file in the runtime: `loads`, `changed`, `fails`, `crash` or `hang`, and what was said."""
        load = Load(replace(artifact, path=path, format=form), artifact.objects, safe_mode=not artifact.unsafe)
        others = ("graph",) if form == "saved_model" else ()
        loaded = self.loader.run(replace(_job(load, TIMEOUT), saved_model_loaders=others))
        outcome, _, message = _outcome(artifact, loaded)
        refused = [
            (each.error or {}).get("message", "") for each in loaded.other_results.values() if not each.succeeded
        ]
        return ("fails", f"graph loader: {refused[0]}") if outcome == "loads" and refused else (outcome, message)


def _left(needs: Sequence[Need]) -> tuple[str, str, bool]:
    """An artifact that edits do not migrate: what it needs from outside, if that is known for all of it."""
    ways = {each.way for each in needs}
    outcome = NO_WAY if ways - {CODE, DATA} else CODE if CODE in ways else DATA
    first = next(each for each in needs if outcome != NO_WAY or each.way not in (CODE, DATA))
    return outcome, f"{first.finding.kind.value} {first.finding.subject}: {first.finding.cause[:140]}", False


def main() -> None:
    """Migrate, load, and print a table; each that is not right beside its reason."""
    options = arguments()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    bench = Bench(options.runtime, options.out)
    rows = []
    try:
        for artifact in artifacts(options):
            row = bench.row(artifact)
            if row is None:
                continue
            rows.append(row)
            if row.outcome != SAME or options.all:
                print(f"{row.outcome:10} {row.saver} {row.model}.{row.format}: {row.reason}", flush=True)
    finally:
        bench.loader.close()
    if options.rows:
        options.rows.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows), encoding="utf-8")
    print("\n" + "\n".join(table(rows)))
    sys.exit(any(row.proven for row in rows))


def table(rows: Iterable[Row]) -> Iterator[str]:
    """A table of outcomes by what saved the artifacts and in which format."""
    rows = list(rows)
    groups = sorted({(row.saver, row.format) for row in rows}, key=lambda each: (each[0], each[1]))
    yield f"| saved by | format | fail | {' | '.join(COLUMNS)} | of the rest |"
    yield f"|{'---|' * (len(COLUMNS) + 4)}"
    for saver, form in groups:
        yield _line(saver, form, [row for row in rows if (row.saver, row.format) == (saver, form)])
    yield _line("all", "", rows)


def _line(saver: str, form: str, rows: Sequence[Row]) -> str:
    count = Counter(row.outcome for row in rows)
    rest = len(rows) - sum(count[each] for each in OUTSIDE)
    share = f"{100 * count[SAME] / rest:.0f} %" if rest else "-"
    return f"| {saver} | {form} | {len(rows)} | {' | '.join(str(count[each]) for each in COLUMNS)} | {share} |"


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
    parser.add_argument("--rows", type=Path, help="a file for a JSON object of each artifact")
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


if __name__ == "__main__":
    main()
