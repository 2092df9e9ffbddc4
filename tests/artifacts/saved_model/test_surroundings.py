"""What stands beside a SavedModel's graph: other graphs, another format, links, pickles."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts import read_inventory
from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path


def hazards(model: Path) -> list[tuple[str, str]]:
    return [(each.what, each.subject) for each in read_inventory(model).hazards]


def test_other_graphs_and_another_format(tmp_path: Path) -> None:
    model = handmade.write_saved_model(tmp_path / "model", {"MatMul": 1})
    assert hazards(model) == []
    for name in ("saved_model.pbtxt", "saved_model.cpb", "config.json"):
        (model / name).write_text("")
    assert hazards(model) == [
        ("second graph", "saved_model.pbtxt"),
        ("second graph", "saved_model.cpb"),
        ("polyglot", "config.json"),
    ]


def test_pickles_in_any_file_that_is_none_of_its_own(tmp_path: Path) -> None:
    model = handmade.write_saved_model(tmp_path / "model", {"MatMul": 1})
    for name in ("assets/words", "assets.extra/a", "variables/b", "variables/variables.data-00000-of-00001", "c"):
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_bytes(pickle.dumps(print))
    found = sorted(subject for what, subject in hazards(model) if what == "pickle")
    assert found == ["assets.extra/a", "assets/words", "c", "variables/b"]


def test_a_graph_that_is_a_link_out_of_the_folder(tmp_path: Path) -> None:
    model = handmade.write_saved_model(tmp_path / "model", {"MatMul": 1})
    (model / "saved_model.pb").rename(tmp_path / "graph")
    (model / "saved_model.pb").symlink_to(tmp_path / "graph")
    assert hazards(model) == [("outside link", "saved_model.pb")]


def test_a_link_into_the_cache_of_its_own_repository_is_none_out_of_it(tmp_path: Path) -> None:
    """Hugging Face keeps the files of all revisions beside them, and gives each revision links."""
    own, other = tmp_path / "own", tmp_path / "other"
    model = handmade.write_saved_model(own / "snapshots" / "1a2b", {"MatMul": 1})
    for blobs in (own / "blobs", other / "blobs"):
        blobs.mkdir(parents=True)
        (blobs / "words").write_text("one")
    (model / "assets").mkdir()
    (model / "assets" / "words").symlink_to(own / "blobs" / "words")
    assert hazards(model) == []
    (model / "assets" / "more").symlink_to(other / "blobs" / "words")
    assert hazards(model) == [("outside link", "assets/more")]
