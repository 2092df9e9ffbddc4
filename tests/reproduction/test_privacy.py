"""What a folder that is sent to others does not say."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from pytest_modelcompat.reproduction.privacy import shareable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('File "/srv/ranker/shop/layers.py", line 3', 'File "shop/layers.py", line 3'),
        ('File "/opt/conda/lib/python3.12/keras/src/x.py", line 3', 'File "…/x.py", line 3'),
        ("see https://github.com/keras-team/keras/issues/1 and a/b, 1/2", None),
        (r"C:\Users\ann\model.h5 is there", "…/model.h5 is there"),
        ("the path /tmp/pytest-of-ann/x/model.keras.", "the path …/model.keras."),
        ("node sequential/dense_1/kernel:0", None),
    ],
)
def test_paths_of_this_machine_are_cut(text: str, shown: str | None) -> None:
    assert shareable(text, Path("/srv/ranker")) == (shown or text)


def test_installed_files_are_named_from_the_packages() -> None:
    text = f"{sysconfig.get_path('purelib')}/keras/src/layers.py"
    assert shareable(text, Path("/work")) == "site-packages/keras/src/layers.py"


def test_values_of_secret_variables_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "s3cr3t-value")
    monkeypatch.setenv("SHOP_NAME", "corner-shop")
    assert shareable("s3cr3t-value of corner-shop", Path("/work")) == "*** of corner-shop"
