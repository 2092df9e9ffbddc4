"""The modules that a folder carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.reproduction.sources import sources_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "corner_shop/__init__.py": "",
        "corner_shop/layers/__init__.py": "from .scale import Scale",
        "corner_shop/layers/scale.py": "import json, numpy\nfrom ..tools import helper\nfrom corner_other import thing",
        "corner_shop/tools/helper.py": "import pytest",
        "corner_shop/unused.py": "",
        "corner_other.py": "def f():\n    import corner_late",
        "corner_late.py": "import corner_missing",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_all_that_is_imported_of_the_project_is_carried(project: Path) -> None:
    found = sources_of(["corner_shop.layers.scale"], {}, [str(project)])
    assert sorted(found.files) == [
        "corner_late.py",
        "corner_other.py",
        "corner_shop/__init__.py",
        "corner_shop/layers/__init__.py",
        "corner_shop/layers/scale.py",
        "corner_shop/tools/__init__.py",
        "corner_shop/tools/helper.py",
    ]
    assert found.files["corner_shop/tools/__init__.py"] is None, "no installed package is found in its place"


def test_what_is_installed_is_named_with_its_version(project: Path) -> None:
    found = sources_of(["corner_shop.layers"], {}, [str(project)])
    assert found.packages == {"pytest": pytest.__version__}


def test_a_module_that_nobody_has_is_left_out(project: Path) -> None:
    assert sources_of(["corner_missing"], {}, [str(project)]).files == {}


def test_a_module_that_only_pytest_could_name_is_carried_under_that_name(project: Path) -> None:
    known = {"tests.test_models": str(project / "corner_late.py")}
    found = sources_of(["tests.test_models"], known, [])
    assert found.files["tests/test_models.py"] == project / "corner_late.py"
