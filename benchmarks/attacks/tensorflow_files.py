"""How TensorFlow makes the SavedModels of attacks, and how their protobuf is altered afterwards."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    # What a model's function does besides its work: it is given the tf module and the canary's path.
    Body = Callable[[Any, str], Any]

_TRAIN, _SERVE = "train", "serve"
# A node beyond what a reader parses as it is.
_LARGE = 5 << 20


def save(folder: Path, canary: Path, body: Body, *, nodes: int = 0) -> Path:
    """A SavedModel that does something each time it is called.

    Args:
        folder: an empty folder.
        canary: what the body makes.
        body: called while the function is traced.
        nodes: how often the body is repeated before, each time with a file of its own beside the canary.
    """
    import tensorflow as tf

    def serve(x: Any) -> dict[str, Any]:
        for number in range(nodes):
            body(tf, f"{canary}-{number}")
        body(tf, str(canary))
        return {"y": x + module.bias}

    module = tf.Module()
    module.bias = tf.Variable(1.0)
    spec = tf.TensorSpec([None], tf.float32, name="x")
    module.serve = tf.function(serve, input_signature=[spec], autograph=False)
    path = folder / "model"
    tf.saved_model.save(module, str(path), signatures=module.serve)
    return path


def _nothing(*_: object) -> None:
    pass


def save_plain(folder: Path) -> Path:
    """A SavedModel that does nothing but its work."""
    return save(folder, folder, _nothing)


def save_graph(folder: Path, body: Callable[[Any, Any], None], *, tags: tuple[str, ...] = (_SERVE,)) -> Path:
    """A SavedModel of TensorFlow 1: an innocent graph with the tag serve, or of the tag train, too.

    Args:
        folder: an empty folder.
        body: adds to the last graph; it is given tf.compat.v1 and what `add_meta_graph` takes.
        tags: the tags of the last graph; where they are not serve, an innocent one comes first.
    """
    import tensorflow as tf

    path = folder / "model"
    builder = tf.compat.v1.saved_model.Builder(str(path))
    if _SERVE not in tags:
        _add(tf.compat.v1, builder, _nothing, (_SERVE,), is_first=True)
    _add(tf.compat.v1, builder, body, tags, is_first=_SERVE in tags)
    builder.save()
    return path


def _add(v1: Any, builder: Any, body: Callable[[Any, Any], None], tags: tuple[str, ...], *, is_first: bool) -> None:
    with v1.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(v1.float32, [None], "x")
        bias = v1.get_variable("bias", initializer=1.0, use_resource=True)
        options: dict[str, Any] = {}
        with v1.control_dependencies([bias.read_value()]):
            y = v1.add(x, bias, "y")
        body(v1, options)
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        definitions = {"signature_def_map": {"serving_default": signature}, **options}
        if is_first:
            builder.add_meta_graph_and_variables(session, list(tags), **definitions)
        else:
            builder.add_meta_graph(list(tags), **definitions)


def edit(path: Path, change: Callable[[Any], None]) -> Path:
    """Alters the first graph of a SavedModel.

    Args:
        path: the SavedModel.
        change: alters a `MetaGraphDef` in place.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    file = path / "saved_model.pb"
    message = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(message.meta_graphs[0])
    file.write_bytes(message.SerializeToString())
    return path


def as_text(path: Path) -> str:
    """The graph of a SavedModel in protobuf's text form."""
    from google.protobuf import text_format
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    text: str = text_format.MessageToString(message)
    return text


def rename_function(path: Path, holds: str, name: str) -> Path:
    """Gives the function that holds an op another name, wherever it is called.

    Args:
        path: the SavedModel.
        holds: an op.
        name: its new name.
    """

    def change(graph: Any) -> None:
        functions = graph.graph_def.library.function
        old = next(each.signature.name for each in functions if any(node.op == holds for node in each.node_def))
        _replace(graph, old, name)

    return edit(path, change)


def _replace(graph: Any, old: str, new: str) -> None:
    functions = graph.graph_def.library.function
    for function in functions:
        if function.signature.name == old:
            function.signature.name = new
    for node in chain(graph.graph_def.node, *(function.node_def for function in functions)):
        _replace_in_node(node, old, new)
    _replace_in_objects(graph.object_graph_def, old, new)


def _replace_in_objects(objects: Any, old: str, new: str) -> None:
    for each in objects.nodes:
        names = each.function.concrete_functions if each.HasField("function") else []
        for number, name in enumerate(names):
            names[number] = new if name == old else name
        if each.HasField("bare_concrete_function") and each.bare_concrete_function.concrete_function_name == old:
            each.bare_concrete_function.concrete_function_name = new
    concrete = objects.concrete_functions
    if old in concrete:
        concrete[new].CopyFrom(concrete[old])
        del concrete[old]


def _replace_in_node(node: Any, old: str, new: str) -> None:
    for value in node.attr.values():
        if value.WhichOneof("value") == "func" and value.func.name == old:
            value.func.name = new


def make_large(path: Path) -> Path:
    """Adds a constant of some megabytes to a SavedModel's graph, which nothing uses."""

    def change(graph: Any) -> None:
        import tensorflow as tf

        node = graph.graph_def.node.add(name="large", op="Const")
        node.attr["dtype"].type = tf.string.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(b"\0" * _LARGE))

    return edit(path, change)
