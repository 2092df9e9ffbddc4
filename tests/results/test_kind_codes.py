"""Every kind of finding has a code of its own."""

from __future__ import annotations

import re

from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.kind_codes import CODES, page_name, page_url


def test_every_kind_has_a_code_of_its_own() -> None:
    assert set(CODES) == set(Kind)
    assert len(set(CODES.values())) == len(CODES)
    assert all(re.fullmatch(r"MC[1-6][0-9]{2}", code) for code in CODES.values())


def test_a_page_has_the_name_of_its_kind() -> None:
    assert page_name(Kind.UNKNOWN_LAYER) == "unknown-layer"
    assert page_url(Kind.GOLDEN_MISSING).endswith("/docs/kinds/golden-missing.md")
    assert len({*map(page_name, Kind)}) == len(Kind)
