"""A golden in the place of another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.golden import store as golden_store
from pytest_modelcompat.golden.golden import (
    Golden,
    GoldenNotWrittenError,
)
from tests.golden.goldens import LFS_POINTER, NAME, a_golden, a_section, same, write

if TYPE_CHECKING:
    from pytest_modelcompat.golden.store import GoldenStore


def run_python(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], env=environment)


class TestUpdate:
    def test_of_none(self, store: GoldenStore) -> None:
        given = []

        def merge(before: Golden | None) -> Golden:
            given.append(before)
            return a_golden()

        written = store.update(NAME, merge)
        assert given == [None]
        assert written.before is None
        assert written.changed
        assert same(written.after, store.read(NAME))

    @pytest.mark.usefixtures("folder")
    def test_keeps_other_formats_sections(self, store: GoldenStore) -> None:
        section = a_section(layers={"dense": "Dense", "scale": "shop>Scale"})
        written = store.update(NAME, lambda before: (before or a_golden(formats={})).with_format("keras", section))
        assert written.before is not None
        assert same(written.before, a_golden())
        assert store.read(NAME).formats == {**a_golden().formats, "keras": section}

    @pytest.mark.usefixtures("folder")
    def test_replaces_a_formats_own_section(self, store: GoldenStore) -> None:
        store.update(NAME, lambda before: (before or a_golden()).with_format("h5", a_section()))
        assert store.read(NAME).formats["h5"] == a_section()

    @pytest.mark.parametrize("file", ["golden.json", "arrays.npz"])
    def test_replaces_a_broken_one(self, store: GoldenStore, folder: Path, file: str) -> None:
        (folder / file).write_text(LFS_POINTER)
        written = store.update(NAME, lambda before: before or a_golden(made_by={}))
        assert written.before is None
        assert written.changed
        assert store.read(NAME).made_by == {}

    def test_does_not_overwrite_what_a_later_version_recorded(self, store: GoldenStore, folder: Path) -> None:
        document = json.loads((folder / "golden.json").read_text())
        (folder / "golden.json").write_text(json.dumps(document | {"schema": 2}))
        with pytest.raises(GoldenNotWrittenError, match=r"is not overwritten: .*schema 2"):
            store.update(NAME, lambda _: a_golden())
        assert json.loads((folder / "golden.json").read_text())["schema"] == 2

    def test_waits_for_a_lock_only_so_long(self, store: GoldenStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(golden_store, "_LOCK_TIMEOUT", 0.01)

        def merge(before: Golden | None) -> Golden:
            # Another lock object on the same file, as another process would have it.
            with pytest.raises(GoldenNotWrittenError, match="locked by another process") as caught:
                write(store, NAME, a_golden(made_by={}))
            assert caught.value.fix == "wait until that process has ended, then run the same command again"
            return a_golden()

        assert store.update(NAME, merge).changed
        assert same(store.read(NAME), a_golden())

    @pytest.mark.usefixtures("folder")
    def test_passes_on_what_merging_raises_and_writes_nothing(self, store: GoldenStore) -> None:
        def merge(before: Golden | None) -> Golden:
            raise FileNotFoundError("the merge's own")

        with pytest.raises(FileNotFoundError, match="the merge's own"):
            store.update(NAME, merge)
        assert same(store.read(NAME), a_golden())
        assert store.update(NAME, lambda before: before or a_golden()).changed is False

    def test_from_several_processes_loses_nothing(self, store: GoldenStore) -> None:
        code = """
import sys
from pathlib import Path
import numpy as np
from pytest_modelcompat.golden.golden import Golden, GoldenName
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader.tensors import pack
store, writer = GoldenStore(Path(sys.argv[1])), sys.argv[2]
for step in range(15):
    fresh = Golden({}, pack({}), pack(np.arange(step + 1)))
    store.update(
        GoldenName(("tests", "test_models"), "test_ranker"),
        lambda before: (before or fresh).with_format(f"{writer}-{step}", {"layers": {}, "ops": {}, "signatures": {}}),
    )
"""
        processes = [run_python(code, store.root, writer) for writer in range(4)]
        assert [process.wait(120) for process in processes] == [0, 0, 0, 0]
        assert len(store.read(NAME).formats) == 4 * 15

    def test_never_shows_a_reader_half_of_it(self, store: GoldenStore) -> None:
        code = """
import sys
from pathlib import Path
import numpy as np
from pytest_modelcompat.golden.golden import Golden, GoldenName
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader.tensors import pack
store = GoldenStore(Path(sys.argv[1]))
name = GoldenName(("tests", "test_models"), "test_ranker")
for step in range(150):
    fresh = Golden({}, pack({}), pack(np.full(2000, step)))
    store.update(name, lambda _: fresh)
"""
        write(store, NAME, a_golden())
        writer = run_python(code, store.root)
        reads = 0
        while writer.poll() is None:
            assert store.read(NAME).outputs[1]
            reads += 1
        assert writer.returncode == 0
        assert reads > 5
        assert int(store.read(NAME).outputs[1]["value"][0]) == 149
