"""`modelcompat check`: whether artifacts load in the runtimes a user names, and every reason why not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import own_version
from pytest_modelcompat.cli.accepted import acceptance_of, add_acceptance, entries_of, write_baseline
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.inventories import artifact_results
from pytest_modelcompat.cli.parser import Parser, UsageError
from pytest_modelcompat.compatibility.verdict import Compatibility, CompatibilityResult

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.compatibility.unsafe.acceptance import Acceptance, AcceptedFinding
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.results.finding import Finding

    Results = Sequence[CompatibilityResult]

_EPILOG = """examples:
  modelcompat check models/ranker.h5 --runtime tf2.15 --runtime tf2.21
  modelcompat check models/ --runtime production.json --custom Scale ranking_loss
  modelcompat check "models/**/*.keras" --runtime tf2.16+keras3.15 --sarif > modelcompat.sarif

`modelcompat profile list` names the runtimes there are, `modelcompat profile record` records your own.

Exit codes: 0 everything loads everywhere, 1 something fails or loads changed, 2 something could not be read.
"""


def run(arguments: Sequence[str], console: Console) -> int:
    """Runs the command.

    Args:
        arguments: those behind its name.
        console: where it writes.

    Returns:
        The exit code.

    Raises:
        UsageError: the arguments are not what it takes.
    """
    options = _parser().parse(arguments)
    if options.json and options.sarif:
        raise UsageError("--json and --sarif are two forms of the same output: choose one")
    runtimes, accepted = profiles(options.runtime), acceptance_of(options)
    judging = partial(_accepting, profiles=runtimes, declared=options, accepted=accepted)
    output = _Output(console, options)
    entries: list[AcceptedFinding] = []
    for answer in artifact_results(options.paths, console, lambda inventory: output.judged(inventory, judging)):
        if answer.value is None:
            output.unreadable(answer.path, answer.problem, runtimes)
        else:
            judged, lines, listed = answer.value
            entries.extend(listed)
            output.add(judged, lines)
    output.end()
    write_baseline(options, entries, console)
    return _exit_code(output.results, fail_on_unsafe=options.fail_on_unsafe)


def _parser() -> Parser:
    parser = Parser("check", "Says whether saved models load in the runtimes you name, and why not.", _EPILOG)
    parser.add_argument("paths", nargs="+", metavar="PATH", help=".h5 or .keras files, SavedModels, folders, globs")
    parser.add_argument(
        "--runtime",
        action="append",
        metavar="NAME",
        help="tf2.15, tf2.16+keras3.15, tf2.21+tf_keras, or a recorded profile's path; may be repeated",
    )
    add_declarations(parser)
    parser.add_argument(
        "--fail-on-unsafe", action="store_true", help="exit 1 for unsafe content too that is not accepted"
    )
    parser.add_argument("--all", action="store_true", help="print every finding, however many there are")
    add_acceptance(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for each artifact and runtime")
    parser.add_argument("--sarif", action="store_true", help="one SARIF 2.1.0 log, for code scanning")
    return parser


def add_declarations(parser: Parser) -> None:
    """Adds the options that say what the loading side will declare."""
    parser.add_argument(
        "--custom",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME",
        help="classes, functions and ops that are declared or registered where the model is loaded",
    )
    parser.add_argument(
        "--unsafe", action="store_true", help="judge for safe_mode=False, which lets Lambda bytecode run"
    )
    parser.add_argument(
        "--no-compile", action="store_true", help="judge for compile=False, which loads no optimizer, loss or metric"
    )


def profiles(runtimes: Sequence[str] | None) -> tuple[Profile, ...]:
    """The profiles of the runtimes a user names, each once; a recorded one goes by its path.

    Args:
        runtimes: names, or paths of recorded profiles.

    Raises:
        UsageError: none is named, or one means nothing.
    """
    from pytest_modelcompat.profiles.profile import ProfileError
    from pytest_modelcompat.profiles.store import is_path, load_profile

    if not runtimes:
        raise UsageError("name a runtime to judge for, such as --runtime tf2.21; `modelcompat profile list` has them")
    try:
        loaded = {runtime: load_profile(runtime) for runtime in runtimes}
    except ProfileError as error:
        raise UsageError(str(error)) from error
    return tuple(replace(profile, name=runtime) if is_path(runtime) else profile for runtime, profile in loaded.items())


def check_all(
    inventory: Inventory, profiles: Sequence[Profile], declared: argparse.Namespace
) -> tuple[CompatibilityResult, ...]:
    """Judges an artifact for each runtime, and adds what in it is unsafe.

    Args:
        inventory: what the artifact holds.
        profiles: one for each runtime.
        declared: the options of `add_declarations`.
    """
    from pytest_modelcompat.artifacts.keras.config import without_compile_config
    from pytest_modelcompat.compatibility.advice import held_to_facts
    from pytest_modelcompat.compatibility.check import check_compatibility
    from pytest_modelcompat.compatibility.unsafe import unsafe_content

    custom = frozenset(declared.custom)
    loaded = without_compile_config(inventory) if declared.no_compile else inventory
    safe_mode = not declared.unsafe
    found = []
    for profile in profiles:
        judged = check_compatibility(loaded, profile, custom=custom, safe_mode=safe_mode)
        advised = held_to_facts(judged.findings, loaded, profile, custom=custom, safe_mode=safe_mode)
        unsafe = unsafe_content(inventory, custom=custom, profile=profile)
        found.append(replace(judged, findings=(*advised, *unsafe)))
    return tuple(found)


def _accepting(
    inventory: Inventory, profiles: Sequence[Profile], declared: argparse.Namespace, accepted: Acceptance | None
) -> tuple[CompatibilityResult, ...]:
    """As `check_all`, what is accepted marked as that."""
    judged = check_all(inventory, profiles, declared)
    if accepted is None:
        return judged
    return tuple(replace(each, findings=accepted.apply(each.findings, inventory)) for each in judged)


@dataclass
class _Output:
    """Writes each artifact as soon as it is judged; a SARIF log only at the end."""

    console: Console
    options: argparse.Namespace
    results: list[CompatibilityResult] = field(default_factory=list)

    def judged(
        self, inventory: Inventory, judging: Callable[[Inventory], Results]
    ) -> tuple[Results, tuple[str, ...], tuple[AcceptedFinding, ...]]:
        """An artifact's results, what is written of them at once, and what a baseline has of them."""
        found = judging(inventory)
        findings = (finding for result in found for finding in result.findings)
        return found, self._lines(inventory, found), entries_of(self.options, findings, inventory)

    def _lines(self, inventory: Inventory, found: Results) -> tuple[str, ...]:
        if self.options.json:
            return tuple(self._json(found))
        if self.options.sarif:
            return ()
        from pytest_modelcompat.report.compatibility import check_page
        from pytest_modelcompat.report.layout import bounded_page

        return tuple(bounded_page(check_page(inventory, found), in_full=self.options.all))

    def add(self, judged: Results, lines: Iterable[str]) -> None:
        self.results.extend(judged)
        self.console.lines(lines)

    def unreadable(self, path: Path, sentence: str, profiles: Sequence[Profile]) -> None:
        finding = _broken(path, sentence)
        judged = [CompatibilityResult(path, profile.name, (finding,), is_readable=False) for profile in profiles]
        self.results.extend(judged)
        if self.options.json:
            self.console.lines(self._json(judged))
        self.console.problem(sentence)

    def end(self) -> None:
        if self.options.sarif:
            from pytest_modelcompat.report.sarif import sarif

            self.console.lines(sarif(self.results, own_version()).splitlines())
        elif not self.options.json and len(self.results) > 1:
            from pytest_modelcompat.report.compatibility import check_summary

            self.console.lines([check_summary(self.results)])

    def _json(self, judged: Iterable[CompatibilityResult]) -> Iterator[str]:
        from pytest_modelcompat.report.json_data import compatibility_data, line

        return (line(compatibility_data(each)) for each in judged)


def _broken(path: Path, sentence: str) -> Finding:
    from pytest_modelcompat.results.finding import Finding, Kind, Stage

    return Finding(Kind.ARTIFACT_BROKEN, path.name, cause=sentence, stage=Stage.OPEN)


def _exit_code(results: Sequence[CompatibilityResult], *, fail_on_unsafe: bool) -> int:
    from pytest_modelcompat.results.finding import Kind

    verdicts = {result.compatibility for result in results}
    if Compatibility.UNREADABLE in verdicts or not results:
        return ExitCode.ERROR
    kinds = {finding.kind for result in results for finding in result.findings if not finding.accepted}
    if fail_on_unsafe and Kind.UNSAFE_CONTENT in kinds:
        return ExitCode.FAILED
    return ExitCode.OK if verdicts == {Compatibility.LOADS} else ExitCode.FAILED
