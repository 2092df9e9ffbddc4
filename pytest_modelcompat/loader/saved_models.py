"""The other ways in to a SavedModel than `tf.saved_model.load`, for those who serve it that way.

The graph loader reads what TensorFlow Serving reads, the graph and its `signature_def`, and is as strict; Keras 3 and
Keras 2 have ways of their own. Each loads the artifact again and gives a function that calls it.
"""

import importlib
from typing import Any, Callable, Dict, List, Optional

import numpy as np

from . import calls, imports, resolve, tensors

JobData = Dict[str, Any]
Routes = Dict[str, Dict[str, Any]]
SignatureCall = Callable[[Any], Routes]

DEFAULT_SIGNATURE = "serving_default"
KERAS_ENDPOINT = "serve"
_NOT_THE_USERS = "__saved_model_"


class UnavailableError(Exception):
    """This runtime does not have the loader; the message says what it lacks."""


class States:
    """The states of the RNNs in a SavedModel's signatures, as they were saved.

    Args:
        loaded: what `tf.saved_model.load` gives, before it is called.
    """

    def __init__(self, loaded: Any) -> None:
        held = {}
        for function in loaded.signatures.values():
            # The state of a seed generator is one of integers, and goes on from call to call.
            held.update({id(each): each for each in function.graph.variables if _may_be_state(each)})
        self._first = [(variable, variable.numpy()) for variable in held.values()]

    def reset(self) -> None:
        """Give the RNNs their first states again."""
        for variable, value in self._first:
            variable.assign(value)


class SessionStates:
    """The same in a session, whose graph does not say which of its variables are trained.

    Args:
        session: in which a SavedModel is loaded and not yet called.
    """

    def __init__(self, session: Any) -> None:
        import tensorflow as tf

        self._session = session
        with session.graph.as_default():
            handles = [each for each in session.graph.get_operations() if each.type == "VarHandleOp"]
            held = [(each.outputs[0], each.get_attr("dtype")) for each in handles if each.get_attr("dtype").is_floating]
            # What Keras 3 does not track is there and has no value, which is for the call to say.
            filled = session.run([tf.raw_ops.VarIsInitializedOp(resource=handle) for handle, _ in held])
            held = [each for each, is_filled in zip(held, filled) if is_filled]
            values = session.run([tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype) for handle, dtype in held])
            feeds = [tf.compat.v1.placeholder(dtype) for _, dtype in held]
            self._assign = [
                tf.raw_ops.AssignVariableOp(resource=handle, value=feed) for (handle, _), feed in zip(held, feeds)
            ]
            self._first = dict(zip(feeds, values))

    def reset(self) -> None:
        """Give the RNNs their first states again."""
        self._session.run(self._assign, self._first)


def _may_be_state(variable: Any) -> bool:
    return not variable.trainable and bool(variable.dtype.is_floating)


class NoKerasModelError(Exception):
    """What Keras 2 makes of a SavedModel is no model; the message says so."""


def graph(job: JobData) -> SignatureCall:
    """Load with `tf.compat.v1.saved_model.load` into a session of its own, its tables initialised."""
    import tensorflow as tf

    options = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=job["threads"], inter_op_parallelism_threads=job["threads"]
    )
    session = tf.compat.v1.Session(graph=tf.Graph(), config=options)
    with session.graph.as_default():
        loaded = tf.compat.v1.saved_model.load(session, _tags(job["artifact"]), job["artifact"])
    signatures = {name: each for name, each in sorted(loaded.signature_def.items()) if _is_own(name)}
    states = SessionStates(session) if job.get("stateful") else None

    def run(name: str, inputs: Any, input_names: List[str]) -> Dict[str, Any]:
        if states is not None:
            states.reset()
        return _run(session, signatures[name], name, inputs, input_names)

    return lambda inputs: call_each(job, list(signatures), run, inputs)


def _run(session: Any, signature: Any, name: str, inputs: Any, input_names: List[str]) -> Dict[str, Any]:
    """A signature's outputs by their own names, as `calling.call_signature` gives them."""
    from tensorflow.compat.v1.saved_model import utils

    found = {key: utils.get_tensor_from_tensor_info(info, session.graph) for key, info in signature.inputs.items()}
    specs = {key: _spec(info) for key, info in signature.inputs.items()}
    matched = calls.match_inputs(specs, name, tensors.as_leaves(inputs), input_names)
    feeds = {found[key]: calls.dense(leaf, specs[key], name, key).numpy() for key, leaf in matched.items()}
    fetches = {key: utils.get_tensor_from_tensor_info(info, session.graph) for key, info in signature.outputs.items()}
    return {str(key): _leaf(value) for key, value in _fetched(session, fetches, feeds).items()}


def _fetched(session: Any, fetches: Dict[str, Any], feeds: Dict[Any, Any]) -> Dict[str, Any]:
    if all(tensor.shape.is_compatible_with(value.shape) for tensor, value in feeds.items()):
        return dict(session.run(fetches, feeds))
    # Only Session.run() refuses inputs of another shape than the signature says: TensorFlow Serving takes them.
    messages = importlib.import_module("tensorflow.core.protobuf.config_pb2")
    names = {"feed": [tensor.name for tensor in feeds], "fetch": [tensor.name for tensor in fetches.values()]}
    run = session._make_callable_from_options(messages.CallableOptions(**names))  # noqa: SLF001 - see above
    return dict(zip(fetches, run(*feeds.values())))


def _spec(info: Any) -> Any:
    import tensorflow as tf

    shape = tf.TensorShape(info.tensor_shape) if info.HasField("tensor_shape") else tf.TensorShape(None)
    return tf.TensorSpec(shape, tf.as_dtype(info.dtype))


def _leaf(value: Any) -> Any:
    # NumPy would cut the zero bytes off the end of a single string.
    return np.array(value, dtype=object) if isinstance(value, bytes) else tensors.as_leaf(value)


def _is_own(signature: str) -> bool:
    """Whether a signature is the user's, rather than one that initialises or trains the graph."""
    return not signature.startswith(_NOT_THE_USERS)


def _tags(artifact: str) -> List[str]:
    """The tags of the graph to serve: `serve` where it is, else those of the first."""
    tagged = [list(each.meta_info_def.tags) for each in _meta_graphs(artifact)]
    serving = [tags for tags in tagged if "serve" in tags]
    return min(serving, key=len) if serving else next(iter(tagged), ["serve"])


def _meta_graphs(artifact: str) -> Any:
    parser = importlib.import_module("tensorflow.python.saved_model.loader_impl")
    return parser.parse_saved_model(artifact).meta_graphs


def call_each(
    job: JobData, names: List[str], call: Callable[[str, Any, List[str]], Dict[str, Any]], inputs: Any
) -> Routes:
    """Every signature's outputs under the names that messages call them by.

    Args:
        job: says whether `inputs` are by signature, and what the live model calls its inputs and outputs.
        names: the signatures; those that have no inputs of their own, where they are by signature, are left out.
        call: calls one by its name, with its inputs and what the live model calls them.
        inputs: nested inputs.
    """
    if job["per_signature"]:
        return {name: call(name, inputs[name], []) for name in names if name in inputs}
    given, wanted = job["input_names"], job["output_names"]
    return {name: calls.rename_outputs(call(name, inputs, given), wanted) for name in names}


def tfsm_layer(job: JobData) -> SignatureCall:
    """Load as `keras.layers.TFSMLayer`, by the endpoint that Keras 3 exports for it, else by each signature.

    Raises:
        UnavailableError: the runtime's Keras has no such layer.
    """
    keras = imports.import_declared(job["keras"] or resolve.own_keras(), {})
    if not hasattr(keras.layers, "TFSMLayer"):
        version = resolve.version_of(keras)
        raise UnavailableError("its Keras {} has no TFSMLayer, which came with Keras 3".format(version))
    signatures = _meta_graphs(job["artifact"])[0].signature_def
    names = [KERAS_ENDPOINT] if KERAS_ENDPOINT in signatures else [each for each in sorted(signatures) if _is_own(each)]
    layers = {name: keras.layers.TFSMLayer(job["artifact"], call_endpoint=name) for name in names}

    def call(name: str, inputs: Any, input_names: List[str]) -> Dict[str, Any]:
        specs = {key: _spec(info) for key, info in signatures[name].inputs.items()}
        matched = calls.match_inputs(specs, name, tensors.as_leaves(inputs), input_names)
        given = {key: calls.dense(leaf, specs[key], name, key) for key, leaf in matched.items()}
        if len(given) == 1:
            return tensors.named_leaves(layers[name](next(iter(given.values()))))
        if name != KERAS_ENDPOINT:
            raise calls.SignatureMismatchError(
                "a TFSMLayer hands one tensor to its signature, and signature {!r} takes {}: {}".format(
                    name, len(given), ", ".join(sorted(given)) or "none"
                )
            )
        nested = given if job["per_signature"] else tensors.map_leaves(calls.to_tensor, tensors.as_leaves(inputs))
        return tensors.named_leaves(layers[name](nested))

    return lambda inputs: call_each(job, names, call, inputs)


def tf_keras(job: JobData) -> SignatureCall:
    """Load with Keras 2: the package `tf_keras`, else TensorFlow's own Keras where that is Keras 2.

    Raises:
        UnavailableError: the runtime has no Keras 2.
        NoKerasModelError: it has, which makes no model of the artifact.
    """
    keras = _keras_2()
    places = job["custom_objects"].items()
    custom_objects = {
        name: imports.find_object(place["module"], place["qualname"], job["modules"]) for name, place in places
    }
    model = keras.models.load_model(job["artifact"], custom_objects=custom_objects, compile=job["compile_model"])
    if not isinstance(model, keras.Model):
        raise NoKerasModelError("the SavedModel holds no model of Keras 2, which makes a plain object of it")

    def call(inputs: Any) -> Routes:
        given = _of_model(inputs) if job["per_signature"] else inputs
        outputs = tensors.named_leaves(calls.call_model(model, given), calls.output_names(model))
        return {DEFAULT_SIGNATURE: calls.rename_outputs(outputs, job["output_names"])}

    return call


def _of_model(inputs: Dict[str, Any]) -> Any:
    """The inputs of the signature that is the model's own, as the model takes them: its only one by itself."""
    if DEFAULT_SIGNATURE not in inputs:
        raise calls.SignatureMismatchError(
            "Keras 2 calls a model as its signature {!r} does, which is given no inputs".format(DEFAULT_SIGNATURE)
        )
    given = inputs[DEFAULT_SIGNATURE]
    return next(iter(given.values())) if isinstance(given, dict) and len(given) == 1 else given


def _keras_2() -> Any:
    found = _imported("tf_keras") or imports.import_declared(resolve.own_keras(), {})
    version = resolve.version_of(found)
    if not version.startswith("2."):
        raise UnavailableError("tf_keras is not installed there, and its own Keras is {}".format(version))
    return found


def _imported(name: str) -> Optional[Any]:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None


LOADERS = {"graph": graph, "tfsm_layer": tfsm_layer, "tf_keras": tf_keras}  # type: Dict[str, Callable[[JobData], SignatureCall]]
