"""Bombs that are folders: of many files, of links, and of what are no files."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.artifacts.bombs.files import DENSE, Write, graph, node, saved_model, sequential


def many_files(folder: Path, scale: float) -> Path:
    """A folder of files, all of them called models."""
    for number in range(int(20_000 * scale)):
        (folder / f"{number}.h5").write_bytes(b"")
    return folder


def many_other_files(folder: Path, scale: float) -> Path:
    """A SavedModel with files in it that are none of its own."""
    path = saved_model(folder, graph(node(1)))
    (path / "assets").mkdir()
    for number in range(int(100_000 * scale)):
        (path / "assets" / f"{number}").touch()
    return path


def deep_folders(folder: Path, scale: float) -> Path:
    """A folder in a folder in a folder."""
    here = folder / "deep"
    here.mkdir()
    start = Path.cwd()
    try:
        for _ in range(int(1500 * scale)):
            os.chdir(here)
            here = Path("d" * 100)
            here.mkdir()
    finally:
        os.chdir(start)
    return folder / "deep"


def symlink_circles(folder: Path, scale: float) -> Path:
    """Folders that lead to each other."""
    path = saved_model(folder, graph(node(1)))
    (path / "assets").mkdir()
    for number in range(int(200 * scale)):
        (path / "assets" / f"{number}").symlink_to(path / "assets", target_is_directory=True)
    (folder / "self").symlink_to(folder / "self")
    (folder / "up").symlink_to(folder, target_is_directory=True)
    return folder


def special_files(folder: Path, _: float) -> Path:
    """Named pipes and devices where files are looked for."""
    path = folder / "model"
    (path / "variables").mkdir(parents=True)
    (path / "assets").mkdir()
    (path / "saved_model.pb").write_bytes(graph(node(1)))
    for name in ("keras_metadata.pb", "fingerprint.pb", "variables/variables.index", "assets/pipe"):
        os.mkfifo(path / name)
    for name, device in (("zero.h5", "/dev/zero"), ("random.keras", "/dev/urandom"), ("tty.pb", "/dev/tty")):
        (folder / name).symlink_to(device)
    os.mkfifo(folder / "pipe.h5")
    return folder


def pipes_unzipped(folder: Path, _: float) -> Path:
    """The content of a .keras file, its members named pipes and devices."""
    path = folder / "model"
    path.mkdir()
    (path / "config.json").write_text(json.dumps(sequential([DENSE])))
    (path / "metadata.json").write_text("{}")
    os.mkfifo(path / "model.weights.h5")
    (path / "x.weights.h5").symlink_to("/dev/zero")
    (path / "assets").mkdir()
    (path / "assets" / "zero").symlink_to("/dev/zero")
    return path


FOLDERS: dict[str, Write] = {
    "folder: many files": many_files,
    "folder: many assets": many_other_files,
    "folder: folders in folders": deep_folders,
    "folder: links in a circle": symlink_circles,
    "folder: pipes and devices": special_files,
    "folder: pipes in an unzipped model": pipes_unzipped,
}
