"""Round trips of modules that are no Keras models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plugin.model_tests import recorded, write

if TYPE_CHECKING:
    from tests.conftest import Project

MODULES = """
ONLY = {"formats": ["saved_model"]}

class OneSignature(tf.Module):
    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    def __call__(self, features):
        return features * self.factor

@roundtrip(**ONLY)
def test_one():
    return OneSignature(), full(3.0, 1, 3)

class TwoSignatures(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], name="z"), tf.TensorSpec([None], name="a")])
    def subtract(self, whole, part):
        return {"rest": whole - part}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64), tf.TensorSpec([], tf.float32)])
    def scale(self, ids, by):
        return tf.cast(ids, tf.float32) * by, ids

@roundtrip(**ONLY)
def test_two_derived():
    return TwoSignatures()

@roundtrip(**ONLY)
def test_two_given():
    return TwoSignatures(), {
        "subtract": {"whole": full(5.0, 2), "part": full(1.0, 2)},
        "scale": [full(7, 1, dtype="int64"), np.float32(0.5)],
    }

class Composite(tf.Module):
    @tf.function(input_signature=[tf.SparseTensorSpec([None, 4], tf.float32), tf.TensorSpec([4, 1])])
    def weigh(self, rows, weights):
        return tf.sparse.sparse_dense_matmul(rows, weights)

    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.float32)])
    def double(self, rows):
        return rows * 2

    @tf.function(input_signature=[[tf.TensorSpec([None]), tf.TensorSpec([None])], {"by": tf.TensorSpec([])}])
    def nested(self, pair, options):
        return (pair[0] - pair[1]) * options["by"]

@roundtrip(**ONLY)
def test_composite():
    return Composite(), {
        "weigh": [tf.sparse.from_dense([[0.0, 1.0, 0.0, 2.0]]), full(1.5, 4, 1)],
        "double": tf.ragged.constant([[1.0], [2.0, 3.0]]),
        "nested": {"pair": [full(5.0, 1), full(1.0, 1)], "options": {"by": np.float32(3)}},
    }
"""


def test_modules(project: Project) -> None:
    write(project, MODULES)
    project.record().assert_outcomes(passed=4)
    assert recorded(project, "test_one")["serving_default/output_0"].tolist() == [[6.0] * 3]
    assert set(recorded(project, "test_two_derived")) == {"subtract/rest", "scale/output_0", "scale/output_1"}
    given = recorded(project, "test_two_given")
    assert given["subtract/rest"].tolist() == [4.0, 4.0], "whole and part were swapped"
    assert given["scale/output_0"].tolist() == [3.5]
    assert given["scale/output_1"].tolist() == [7]
    composite = recorded(project, "test_composite")
    assert composite["weigh/output_0"].tolist() == [[4.5]]
    assert composite["double/output_0"].values.tolist() == [2.0, 4.0, 6.0]
    assert composite["nested/output_0"].tolist() == [12.0]


def test_a_module_in_a_keras_format_is_refused(project: Project) -> None:
    write(project, MODULES.replace('["saved_model"]', '["keras"]'))
    result = project.run("-k", "test_one")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["FORMAT CANNOT HOLD  test_one?keras?: OneSignature is a plain tf.Module*", '*formats=?"saved_model"?*']
    )


MODULE_WITHOUT_FORMATS = """
class Adder(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def __call__(self, x):
        return x + 1.0

@pytest.mark.model_roundtrip
def test_marked():
    return Adder()

@pytest.mark.model_roundtrip
def test_marked_call(model_roundtrip):
    model_roundtrip(Adder)

def test_call(model_roundtrip):
    assert [each.format for each in model_roundtrip(Adder).targets] == ["saved_model"]
"""


def test_a_module_whose_test_names_no_formats_is_checked_in_those_that_hold_one(project: Project) -> None:
    write(project, MODULE_WITHOUT_FORMATS)
    project.record().assert_outcomes(passed=3, skipped=4)
    result = project.run("-rs")
    result.assert_outcomes(passed=3, skipped=4)
    result.stdout.fnmatch_lines(
        ["SKIPPED * modelcompat: Adder is a plain tf.Module: it has no .keras and is checked as saved_model"]
    )


def test_a_module_is_refused_where_a_format_is_asked_for_or_no_other_is_left(project: Project) -> None:
    write(project, MODULE_WITHOUT_FORMATS)
    project.run("-k", "test_marked", "--modelcompat-format", "keras").assert_outcomes(failed=2)
    project.write("pytest.ini", "[pytest]\nmodelcompat_formats = keras\n")
    project.run("-k", "test_marked").assert_outcomes(failed=2)
