"""All edits: what each says of itself."""

from __future__ import annotations

import re

from pytest_modelcompat.migration.edits.order import EDITS


def test_an_edit_whose_text_names_a_lost_loss_says_so_as_data() -> None:
    """A proof compares losses by the data alone."""
    named = {each.name for each in EDITS if re.search(r"\bloss\b", each.loses)}
    assert named == {each.name for each in EDITS if each.loses_loss}
    assert named
