"""Something done in a forked child of a test: what it gives up there, it gives up for good."""

from __future__ import annotations

import json
import os
import traceback
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


def in_child(act: Callable[[], object]) -> Any:
    """Do it in a child, and give what it gave, as JSON has it; what it raised fails the test.

    Args:
        act: does it, and asserts.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w", encoding="utf-8") as answer:
            try:
                answer.write(json.dumps({"given": act()}))
            except BaseException:  # noqa: BLE001 - reported by the parent, whatever it was
                answer.write(json.dumps({"raised": traceback.format_exc()}))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answer:
        text = answer.read()
    code = os.waitpid(child, 0)[1]
    found = json.loads(text or json.dumps({"raised": f"the child ended with {code}"}))
    if "raised" in found:
        pytest.fail(found["raised"], pytrace=False)
    return found["given"]
