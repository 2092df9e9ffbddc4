"""SavedModels that need what no other process has: Python functions, and ops of a library that is not loaded."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.plugin.bad_input.conftest import ReportedFailure

# TensorFlow's C interface: it compiles in a second, where the C++ one takes half a minute.
OP = r"""
#include <cstdlib>
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

static void same_shape(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeHandle* shape = TF_NewShapeHandle();
  TF_ShapeInferenceContextGetInput(context, 0, shape, status);
  TF_ShapeInferenceContextSetOutput(context, 0, shape, status);
  TF_DeleteShapeHandle(shape);
}

static void compute(void*, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  TF_Tensor* input = nullptr;
  TF_GetInput(context, 0, &input, status);
  int64_t sides[8];
  for (int i = 0; i < TF_NumDims(input); ++i) sides[i] = TF_Dim(input, i);
  TF_Tensor* output = TF_AllocateOutput(context, 0, TF_FLOAT, sides, TF_NumDims(input), TF_TensorByteSize(input),
                                        status);
  const float* from = static_cast<const float*>(TF_TensorData(input));
  float* to = static_cast<float*>(TF_TensorData(output));
  for (int64_t i = 0; i < TF_TensorElementCount(input); ++i) to[i] = 3.0f * from[i];
  TF_DeleteTensor(output);
  TF_DeleteTensor(input);
  TF_DeleteStatus(status);
}

__attribute__((constructor)) static void register_op() {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder("ShopTriple");
  TF_OpDefinitionBuilderAddInput(op, "x: float");
  TF_OpDefinitionBuilderAddOutput(op, "tripled: float");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, &same_shape);
  TF_RegisterOpDefinition(op, status);
  if (TF_GetCode(status) != TF_OK) abort();
  TF_RegisterKernelBuilder("ShopTriple", TF_NewKernelBuilder("ShopTriple", "CPU", nullptr, &compute, nullptr), status);
  if (TF_GetCode(status) != TF_OK) abort();
  TF_DeleteStatus(status);
}
"""
OP_MODEL = """
    import pytest
    import tensorflow as tf

    library = tf.load_op_library({library!r})

    class Tripler(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def __call__(self, x):
            return {{"tripled": library.shop_triple(x=x)}}

    @pytest.mark.model_roundtrip(formats=["saved_model"]{options})
    def test_model():
        return Tripler()
"""
PYTHON_FUNCTION_MODEL = """
    import pytest
    import tensorflow as tf

    class Rounder(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def __call__(self, x):
            rounded = tf.py_function(lambda each: tf.round(each), [x], tf.float32)
            return {"rounded": tf.ensure_shape(rounded, [None, 3])}

    @pytest.mark.model_roundtrip(formats=["saved_model"])
    def test_model():
        return Rounder()
"""


@pytest.fixture(scope="session")
def op_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of an op `ShopTriple`, built against the TensorFlow that is installed."""
    return build_library(tmp_path_factory.mktemp("op"), "ShopTriple")


def build_library(folder: Path, op: str) -> Path:
    """A library of an op of this name; a process can load one of each name only."""
    import tensorflow as tf

    compiler = shutil.which("g++")
    if sys.platform == "win32" or compiler is None:
        pytest.skip("building an op takes g++")
    if not Path(tf.sysconfig.get_include(), "tensorflow", "c", "kernels.h").is_file():
        pytest.skip("this TensorFlow comes without its headers")
    source, library = folder / "triple.cc", folder / "triple.so"
    source.write_text(OP.replace("ShopTriple", op), encoding="utf-8")
    flags = [*tf.sysconfig.get_compile_flags(), *tf.sysconfig.get_link_flags()]
    subprocess.run([compiler, "-shared", "-fPIC", str(source), "-o", str(library), *flags], check=True)
    return library


def test_op_of_a_library_that_is_not_loaded(
    project: Project, reported_failure: ReportedFailure, op_library: Path
) -> None:
    project.write("test_it.py", OP_MODEL.format(library=str(op_library), options=""))
    result = project.run()
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        "UNKNOWN OP test_model[saved_model]: the saved model cannot be loaded again with what the test declares",
        'op ShopTriple (node "ShopTriple" of function __inference_*',
        "because the loader's TensorFlow has not registered it: it comes from a library that is not loaded there",
        'fix @pytest.mark.model_roundtrip(imports=["the_package_that_registers_it"])',
        'or, for an op library of your own, @pytest.mark.model_roundtrip(op_libraries=["path/to/the_library.so"])',
        "declared custom_objects: none imports: none",
        "it said Op type not registered 'ShopTriple' in binary running on *",
    )


def test_op_of_a_declared_library(project: Project, op_library: Path) -> None:
    options = f", op_libraries=[{str(op_library)!r}]"
    project.write("test_it.py", OP_MODEL.format(library=str(op_library), options=options))
    project.record().assert_outcomes(passed=1)


def test_python_function_in_a_saved_model(project: Project, reported_failure: ReportedFailure) -> None:
    project.write("test_it.py", PYTHON_FUNCTION_MODEL)
    result = project.run()
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        "PYTHON FUNCTION test_model[saved_model]: the saved model calls a Python function that only exists in the "
        "process that saved it",
        'op EagerPyFunc (node "EagerPyFunc" of function __inference_*',
        "because tf.py_function and tf.numpy_function keep the Python function in the process that saved the model; "
        "no other process has it",
        "fix write the function with TensorFlow ops, or apply it outside the model",
        "it said *Could not find callback with key=pyfunc_* in the registry.",
    )
