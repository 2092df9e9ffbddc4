"""The catalogue of known failures, by theme; the first entry that fits an exception explains it."""

from __future__ import annotations

from pytest_modelcompat.diagnosis.catalogue.containers import CONTAINER_FAILURES
from pytest_modelcompat.diagnosis.catalogue.keras_versions import KERAS_VERSION_FAILURES
from pytest_modelcompat.diagnosis.catalogue.lambdas import LAMBDA_FAILURES
from pytest_modelcompat.diagnosis.catalogue.names import NAME_FAILURES
from pytest_modelcompat.diagnosis.catalogue.predictions import PREDICTION_FAILURES
from pytest_modelcompat.diagnosis.catalogue.rebuild import CUSTOM_CLASS_FAILURES
from pytest_modelcompat.diagnosis.catalogue.saved_models import SAVED_MODEL_FAILURES
from pytest_modelcompat.diagnosis.catalogue.weights import WEIGHT_FAILURES

CATALOGUE = (
    *LAMBDA_FAILURES,
    *SAVED_MODEL_FAILURES,
    *PREDICTION_FAILURES,
    *CONTAINER_FAILURES,
    *NAME_FAILURES,
    *KERAS_VERSION_FAILURES,
    *CUSTOM_CLASS_FAILURES,
    *WEIGHT_FAILURES,
)
