"""State: what a SavedModel tracks besides its graph, and who can give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.findings import Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.profiles.judging.scene import Scene

# The name that Keras' optimizers up to 2.10, legacy ones later, are tracked by.
_OPTIMIZER = "optimizer"


def slots(scene: Scene) -> Iterator[Finding]:
    """A finding where an optimizer's slot variables find no class that could hold them."""
    inventory = scene.inventory
    if not inventory.slot_variables or _OPTIMIZER not in inventory.object_classes:
        return
    if scene.reader_major == 3:
        yield Finding(
            Kind.OPTIMIZER_NOT_READ,
            subject="optimizer",
            where=(f"{inventory.slot_variables} slot variables in the object graph",),
            cause=f"{scene.tensorflow_name} without Keras 2 has no class for the optimizer that was saved along, "
            "and cannot put its variables back ('_UserObject' object has no attribute 'add_slot')",
            fix=(
                "export the model without its optimizer: model.save(path, include_optimizer=False)",
                "or have Keras 2 there: pip install tf_keras, and import tf_keras before loading",
            ),
            stage=Stage.GRAPH,
            source="measured",
        )


def missing_files(scene: Scene) -> Iterator[Finding]:
    """A finding for each file that the SavedModel needs and that is not there."""
    for asset in scene.inventory.assets:
        if not asset.is_present and scene.inventory.format == "saved_model":
            yield Finding(
                Kind.ARTIFACT_BROKEN,
                subject=asset.path,
                cause=f"the SavedModel needs {asset.path}, and it is not there",
                fix=("copy the whole folder, or export the model again",),
                stage=Stage.OPEN,
            )
