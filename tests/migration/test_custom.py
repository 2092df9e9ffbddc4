"""What a user declares by a name, a module or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.migration.custom import CustomError, custom_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_name_alone_is_registered_elsewhere() -> None:
    made = custom_of(["Scale", "shop>Other"])
    assert made.names == {"Scale", "shop>Other"}
    assert made.declared.custom_objects == {}


def test_a_module_is_imported_for_its_class() -> None:
    made = custom_of(["shop.layers:Outer.Scale"], ["shop.losses"])
    assert made.names == {"Scale"}
    assert made.declared.custom_objects == {"Scale": ("shop.layers", "Outer.Scale")}
    assert made.declared.imports == ("shop.losses",)
    assert made.sys_path == ()


def test_a_file_is_found_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "legacy.py").write_text("")
    made = custom_of([f"{tmp_path / 'legacy.py'}:Scale"], [str(tmp_path / "legacy.py")])
    assert made.declared.custom_objects == {"Scale": ("legacy", "Scale")}
    assert made.declared.imports == ("legacy",)
    assert made.sys_path == (str(tmp_path),)


@pytest.mark.parametrize("given", [":Scale", "shop.layers:", "none.py:Scale", ""])
def test_what_means_nothing_is_refused(given: str) -> None:
    with pytest.raises(CustomError, match=r"names no class|does not exist"):
        custom_of([given])
