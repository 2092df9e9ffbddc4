"""Every attack file of Keras' own formats, and what of them cannot be built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attacks import (
    keras_code,
    keras_containers,
    keras_disguises,
    keras_metadata,
    keras_references,
    keras_vulnerabilities,
)

if TYPE_CHECKING:
    from attacks.attack import Attack, NotBuilt

ATTACKS: tuple[Attack, ...] = (
    *keras_vulnerabilities.ATTACKS,
    *keras_code.ATTACKS,
    *keras_references.ATTACKS,
    *keras_disguises.ATTACKS,
    *keras_containers.ATTACKS,
    *keras_metadata.ATTACKS,
)
NOT_BUILT: tuple[NotBuilt, ...] = (
    *keras_vulnerabilities.NOT_BUILT,
    *keras_references.NOT_BUILT,
    *keras_containers.NOT_BUILT,
)
