"""Loads each artifact in a process of its own and keeps what is printed: `python loads.py ARTIFACTS OUT NAME`.

Python 3.8, any TensorFlow 2. What it prints is what any program prints that an exception ends.
"""

import faulthandler
import os
import signal
import sys
import traceback

import numpy as np
import shop
import tensorflow as tf

ARTIFACTS, OUT, OWN = sys.argv[1:]
# Of the versions that save, so many are read by every version: all of them would take hours.
WRITERS = ("tf2.10", "tf2.15", "tf2.21")
OF_OTHERS = (
    "attention", "compiled-mse", "custom-layer", "dense", "depthwise", "lambda-layer", "lstm", "mixed", "nested",
    "raw-ops", "separable",
)  # fmt: skip
# Layouts of weights, and files beside the model, that a later version reads in another way.
PAIRS = (("dense", "tf2.13"), ("vocabulary-file", "tf2.18"))
SHAPES = {
    "depthwise": (2, 8, 8, 3),
    "separable": (2, 8, 8, 3),
    "lstm": (2, 5, 3),
    "attention": (2, 5, 4),
    "masked": (2, 4),
}
TEXTS = ("vectorizer", "vocabulary-file")
SECONDS = 60


def inputs_of(name):
    if name in TEXTS:
        return tf.constant([["red"], ["blue"]])
    return np.ones(SHAPES.get(name, (2, 3)), "float32")


def serve_keras(path, name):
    model = tf.keras.models.load_model(path, custom_objects=shop.DECLARED)
    model.predict(inputs_of(name), verbose=0)


def serve_keras_compiled_elsewhere(path, name):
    model = tf.keras.models.load_model(path, compile=False)
    model.predict(inputs_of(name)[:, :2], verbose=0)


def serve_saved_model(path, name):
    model = tf.saved_model.load(path)
    answer = model.signatures["serving_default"](tf.constant(inputs_of(name)))
    print({key: value.shape for key, value in answer.items()})


def serve_another_call(path, name):
    model = tf.saved_model.load(path)
    getattr(model, "double", model)(tf.constant([[1, 2]]), mode="fast")


def serve_graph(path, name):
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        tf.compat.v1.saved_model.load(session, ["serve"], path)


def compare(_, __):
    np.testing.assert_allclose(np.arange(3.0) + 1e-3, np.arange(3.0), rtol=1e-5)


def compare_shapes(_, __):
    np.testing.assert_allclose(np.ones((2, 3)), np.ones((2, 2)))


def import_layers(_, __):
    from shop_layers.scale import Scale  # noqa: F401


def child(function, path, name, out):
    log = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    faulthandler.enable()
    signal.alarm(SECONDS)
    try:
        function(path, name)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def run(function, path, name, out):
    process = os.fork()
    if not process:
        child(function, path, name, out)
    _, status = os.waitpid(process, 0)
    if status == 0 or os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        os.remove(out)
    elif os.WIFSIGNALED(status):
        with open(out, "a") as file:
            file.write("died of signal %d\n" % os.WTERMSIG(status))


def is_read(name, version):
    """Each version reads its own files, and those of others in which another version matters, of a few of them."""
    return version == OWN or (name in OF_OTHERS and version in WRITERS) or (name, version) in PAIRS


def main():
    for version in sorted(os.listdir(ARTIFACTS)):
        folder = os.path.join(ARTIFACTS, version)
        for file in sorted(os.listdir(folder)):
            path = os.path.join(folder, file)
            stem = file.replace(".weights.h5", ".h5").replace("-saved-model", ".saved-model")
            name, _, form = stem.rpartition(".")
            if form not in ("h5", "keras", "saved-model") or not is_read(name, version):
                continue
            out = os.path.join(OUT, "%s-%s-of-%s" % (name, form, version))
            run(serve_keras, path, name, out + ".txt")
            if form == "saved-model":
                run(serve_saved_model, path, name, out + "-served.txt")
                run(serve_graph, path, name, out + "-graph.txt")
                if name in ("doubler", "dense"):
                    run(serve_another_call, path, name, out + "-called.txt")
            elif name in ("dense", "lstm"):
                run(serve_keras_compiled_elsewhere, path, name, out + "-misfit.txt")
    for end in (".h5", ".keras"):
        run(
            serve_keras,
            os.path.join(ARTIFACTS, "missing" + end),
            "missing",
            os.path.join(OUT, "missing-%s.txt" % end[1:]),
        )
    run(compare, "", "", os.path.join(OUT, "compared.txt"))
    run(compare_shapes, "", "", os.path.join(OUT, "compared-shapes.txt"))
    run(import_layers, "", "", os.path.join(OUT, "imported.txt"))


main()
