"""The catalogue of known failures, by theme; the first entry that fits an exception tells it."""

from __future__ import annotations

from pytest_modelcompat.diagnosis.catalogue.containers import CONTAINERS
from pytest_modelcompat.diagnosis.catalogue.keras_versions import KERAS_VERSIONS
from pytest_modelcompat.diagnosis.catalogue.lambdas import LAMBDAS
from pytest_modelcompat.diagnosis.catalogue.names import NAMES
from pytest_modelcompat.diagnosis.catalogue.predictions import PREDICTING
from pytest_modelcompat.diagnosis.catalogue.rebuild import REBUILDING
from pytest_modelcompat.diagnosis.catalogue.saved_models import SAVED_MODELS
from pytest_modelcompat.diagnosis.catalogue.weights import WEIGHTS

CATALOGUE = (
    *LAMBDAS,
    *SAVED_MODELS,
    *PREDICTING,
    *CONTAINERS,
    *NAMES,
    *KERAS_VERSIONS,
    *REBUILDING,
    *WEIGHTS,
)
