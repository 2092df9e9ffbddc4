"""Marked tests: what the markers of a test say, read and checked once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.plugin.markers import ARTIFACT, ROUNDTRIP
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.settings.checks import SettingsError, plain_name
from pytest_modelcompat.settings.settings import OptionLayer, Settings, resolve_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest


@dataclass(frozen=True)
class MarkedTest:
    """A test's marker with what it says.

    Args:
        kind: `model_roundtrip` or `model_artifact`.
        settings: its options, resolved.
        artifact: the path a `model_artifact` names.
        problem: what is wrong with the marker, which makes no targets then; the other fields say nothing in that case.
    """

    kind: str
    settings: Settings
    artifact: Path | None = None
    problem: str = ""


class MarkedTests:
    """The marked tests of a session, each read once.

    All items of a function have the same marks, so its options are resolved once; a mark on one of its parameters makes
    another test of it.

    Args:
        layers: the command line's options and the ini file's.
    """

    def __init__(self, layers: tuple[OptionLayer, OptionLayer]) -> None:
        self._layers = layers
        # With the marks, so that no other mark gets their ids.
        self._read: dict[tuple[Any, ...], tuple[tuple[pytest.Mark, ...], MarkedTest]] = {}

    def of(self, node: pytest.Item | Any) -> MarkedTest | None:
        """The marker of a test, those of its class and module filling in what it leaves open; None without one.

        Args:
            node: an item or a function definition.
        """
        marks = tuple(mark for name in (ROUNDTRIP, ARTIFACT) for mark in node.iter_markers(name))
        if not marks:
            return None
        key = (node.path, *map(id, marks))
        if key not in self._read:
            self._read[key] = (marks, _read_or_refused(node, self._layers, marks[0].name))
        return self._read[key][1]


def _read_or_refused(node: Any, layers: tuple[OptionLayer, OptionLayer], kind: str) -> MarkedTest:
    try:
        return _read_marker(node, layers)
    except SettingsError as error:
        return MarkedTest(kind, Settings(), problem=str(error))


def _read_marker(node: pytest.Item | Any, layers: tuple[OptionLayer, OptionLayer]) -> MarkedTest:
    names = [name for name in (ROUNDTRIP, ARTIFACT) if node.get_closest_marker(name) is not None]
    if len(names) > 1:
        raise SettingsError("a test takes one of the markers model_roundtrip and model_artifact, not both")
    kind = names[0]
    options: dict[str, Any] = {}
    paths: tuple[Any, ...] = ()
    marks = list(node.iter_markers(kind))
    for mark in reversed(marks):
        options.update(mark.kwargs)
        paths = mark.args or paths
    if sum(bool(mark.args) for mark in marks) > 1:
        raise SettingsError(f"marker: {kind} names {len(marks)} artifacts; write a test for each")
    artifact = _artifact_path(node, kind, paths)
    if kind == ARTIFACT and "formats" in options:
        raise SettingsError("marker: option 'formats' is for model_roundtrip; a file has the format it has")
    command_line, ini = layers
    if kind == ARTIFACT:
        command_line = _without_formats(command_line)
    settings = resolve_settings((command_line, OptionLayer(OptionPlace.MARKER, options), ini), node.config.rootpath)
    formats = _with_marks(settings.formats, options.get("formats", ()))
    runtimes = _with_marks(settings.runtimes, options.get("runtimes", ()))
    return MarkedTest(kind, replace(settings, formats=formats, runtimes=runtimes), artifact)


def resolve_settings(layers: Sequence[OptionLayer], root: Path) -> Settings:
    """The options of a case from its layers, the strongest first, with the runtimes it names looked at.

    Args:
        layers: options with their sources.
        root: the project's folder.

    Raises:
        SettingsError: an option is wrong.
    """
    settings = resolve_options(layers)
    if settings.loads_in:
        from pytest_modelcompat.roundtrip.static_check import check_loads_in

        check_loads_in(settings, root)
    return settings


def _with_marks(chosen: Sequence[Any], written: str | Sequence[Any]) -> tuple[Any, ...]:
    """Formats or runtimes chosen on the command line, each with the marks that the test's own marker puts on it."""
    own = {plain_name(entry): entry for entry in ((written,) if isinstance(written, str) else written)}
    return tuple(own.get(plain_name(entry), entry) for entry in chosen)


def _without_formats(layer: OptionLayer) -> OptionLayer:
    return OptionLayer(layer.source, {name: value for name, value in layer.options.items() if name != "formats"})


def _artifact_path(node: Any, kind: str, paths: tuple[Any, ...]) -> Path | None:
    if kind == ROUNDTRIP:
        if paths:
            raise SettingsError(f"marker: model_roundtrip takes options by name only, not {paths[0]!r}")
        return None
    if len(paths) != 1 or not isinstance(paths[0], (str, Path)):
        raise SettingsError('marker: model_artifact takes the path of one file or folder, as in model_artifact("a.h5")')
    given = Path(paths[0])
    from_root: Path = node.config.rootpath / given
    beside_test: Path = node.path.parent / given
    return beside_test if beside_test.exists() and not from_root.exists() else from_root
