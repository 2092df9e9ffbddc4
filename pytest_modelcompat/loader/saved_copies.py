"""A model that was loaded, saved again in the job's folder, whence its parent takes it."""

from pathlib import Path
from typing import Any

# Format -> what is written in the job's folder.
NAMES = {"h5": "saved.h5", "keras": "saved.keras", "saved_model": "saved"}


def save(model: Any, format_name: str, folder: Path) -> None:
    """Save a Keras model.

    Args:
        model: the model.
        format_name: `h5`, `keras`, or `saved_model` for a SavedModel with the signature that serves.
        folder: the job's.
    """
    place = str(folder / NAMES[format_name])
    if format_name != "saved_model":
        model.save(place)
    elif hasattr(model, "export"):
        model.export(place)
    else:
        # Keras before 2.13.
        model.save(place, save_format="tf")
