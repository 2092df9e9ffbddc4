"""What leads out of an artifact, which members, assets, layers and links are all asked by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.outside import leads_out
from pytest_modelcompat.artifacts.weight_values import asset_digests
from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name",
    ["..", "../x", "a/..", "a/../../x", "a\\..\\x", "/x", "\\x", "\\\\host\\x", "C:x", "c:\\x", "gs://bucket/x"],
)
def test_a_name_that_leads_out(name: str) -> None:
    assert leads_out(name)


@pytest.mark.parametrize("name", ["x", "a/b", "a..b", "..a", "...", "a/...", "words..txt", "conv:0", "a/b://c"])
def test_a_name_that_does_not(name: str) -> None:
    assert not leads_out(name)


def test_assets_in_a_cache_of_the_hub_have_digests_and_those_of_the_host_have_none(tmp_path: Path) -> None:
    model = handmade.write_saved_model(tmp_path / "snapshots" / "1a2b", {"MatMul": 1})
    (model / "assets").mkdir()
    for name in ("blobs", "host"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "words").write_text("one", encoding="utf-8")
        (model / "assets" / name).symlink_to(tmp_path / name / "words")
    assert set(asset_digests(read_inventory(model))) == {"assets/blobs"}
