"""One job in a fresh child: import what is declared, resolve, load, predict, answer.

A job is a folder: `job.json` and `inputs.npz` come in, `answer.json` and `outputs.npz` go out. The answer is written
again after every stage, so that a crash leaves what was found before it. A job may ask for what each layer gives, which
is in `layers.npz`. Other loaders of a SavedModel come after all stages, or after a failed load: `answer["trying"]`
names the one at work, and each leaves an `outputs-NAME.npz`. So does a second try of a compiled model that does not
load, without its compile configuration.
"""

import gc
import inspect
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Dict, Optional

import numpy as np

from . import (
    calls,
    confinement,
    graph_trace,
    imports,
    layer_trace,
    resolve,
    samples,
    saved_copies,
    saved_models,
    tensors,
    threads,
    training_state,
    training_step,
    weights,
)

JobAnswer = Dict[str, Any]
# Format of an artifact -> whether TensorFlow loads it, rather than Keras.
FORMATS = {"h5": False, "keras": False, "saved_model": True}
# What a load without the compile configuration is called.
UNCOMPILED = "uncompiled"
# An artifact from here on is not worth having in memory twice.
LARGE = 100 << 20


def run(folder: Path, *, by_namespaces: bool) -> None:
    """Do a job, leaving its answer whatever happens short of the process dying.

    Args:
        folder: the job's.
        by_namespaces: whether this process may be confined by namespaces.
    """
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    answer = {"stage": "start", "error": None, "timings": {}, "declaring": "", "trying": ""}  # type: JobAnswer
    try:
        answer["isolation"] = confinement.confine(folder, job["isolation"], by_namespaces=by_namespaces)
        _enter(folder, answer, "declare")
        _stages(folder, job, answer)
    except imports.DeclaredImportError as error:
        answer["error"] = dict(_describe(error.cause), declared=error.name, near=error.near)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - every failure is the answer
        answer["error"] = _describe(error)
    if answer["stage"] in ("load", "predict", "done"):
        _load_with_others(folder, job, answer)
    answer["peak_memory"] = peak_memory()
    write_answer(folder, answer)


def _stages(folder: Path, job: Dict[str, Any], answer: JobAnswer) -> None:
    sys.path[:] = job["sys_path"] + (sys.path if job["own_path"] else [])
    os.chdir(job["cwd"])
    threads.limit(job["threads"])
    keras = imports.import_declared(job["keras"] or resolve.own_keras(), {})
    custom_objects = _declared(folder, job, answer)
    _enter(folder, answer, "resolve")
    answer["versions"] = versions(keras)
    _resolve(job, keras, custom_objects, answer)
    _enter(folder, answer, "load")
    try:
        loaded = _load(job, keras, custom_objects, compiles=job["compile_model"])
    except Exception as error:  # noqa: BLE001 - raised again, as it was
        if job["retry_uncompiled"]:
            answer["error"] = _describe(error)
            _retry_uncompiled(folder, job, keras, custom_objects, answer)
        raise
    if job["digests"]:
        answer["weights"] = _digests(job, loaded)
    _enter(folder, answer, "predict")
    if job["call"]:
        _predict(folder, job, loaded, answer)
    if job["layers"]:
        _trace_layers(folder, job, loaded, answer)
    _save_again(folder, job, loaded, answer)
    if job["training"] and not _is_saved_model(job):
        _enter(folder, answer, "training")
        answer["training"] = training_state.state(loaded)
        if job["trial"] is not None:
            # It changes the model, so it comes last.
            answer["trial"] = _trial(folder, job, loaded, keras)
    _enter(folder, answer, "done")


def _save_again(folder: Path, job: Dict[str, Any], loaded: Any, answer: JobAnswer) -> None:
    if job.get("saved_as"):
        _enter(folder, answer, "save")
        saved_copies.save(loaded, job["saved_as"], folder)


def _retry_uncompiled(
    folder: Path, job: Dict[str, Any], keras: Any, custom_objects: Dict[str, Any], answer: JobAnswer
) -> None:
    """Load what did not load once more, without its compile configuration; its failure stands, whatever is found."""
    other = answer[UNCOMPILED] = {"stage": "load", "error": None, "unavailable": ""}
    answer["trying"] = UNCOMPILED
    write_answer(folder, answer)
    started = time.monotonic()
    try:
        loaded = _load(job, keras, custom_objects, compiles=False)
        if job["digests"]:
            other["weights"] = _digests(job, loaded)
        other["stage"] = "predict"
        if job["call"]:
            other["routes"] = _keep_outputs(_outputs(folder, job, loaded), folder / _outputs_file(UNCOMPILED))
        other["stage"] = "done"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - every failure is the answer
        other["error"] = _describe(error)
    answer["timings"][UNCOMPILED] = round(time.monotonic() - started, 4)
    answer["trying"] = ""


def _load_with_others(folder: Path, job: Dict[str, Any], answer: JobAnswer) -> None:
    """Load with the other loaders that were asked for; what was found before stands, whatever becomes of them."""
    answer["peak_memory"] = peak_memory()
    answer["others"] = {}
    for name in job["saved_model_loaders"]:
        answer["trying"] = name
        other = {"stage": "load", "error": None, "unavailable": ""}  # type: Dict[str, Any]
        answer["others"][name] = other
        write_answer(folder, answer)
        _let_go(Path(job["artifact"]))
        started = time.monotonic()
        try:
            _call_with_other(folder, job, saved_models.LOADERS[name](job), name, other)
        except saved_models.UnavailableError as error:
            other["unavailable"] = str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - every failure is the answer
            other["error"] = _describe(error)
        answer["timings"][name] = round(time.monotonic() - started, 4)
    answer["trying"] = ""


def _let_go(artifact: Path) -> None:
    """Free what was loaded before: it refers to itself in circles, which Python looks for when it likes."""
    files = artifact.rglob("*") if artifact.is_dir() else [artifact]
    # Looking takes as long as loading a small model.
    if sum(each.stat().st_size for each in files if each.is_file()) >= LARGE:
        gc.collect()


def _call_with_other(folder: Path, job: Dict[str, Any], call: Any, name: str, other: Dict[str, Any]) -> None:
    other["stage"] = "predict"
    if job["call"]:
        inputs = _inputs(folder, job)
        routes = samples.over_calls(call(inputs), lambda: call(inputs), job.get("stochastic", ()))
        other["routes"] = _keep_outputs(routes, folder / _outputs_file(name))
    other["stage"] = "done"


def _enter(folder: Path, answer: JobAnswer, stage: str) -> None:
    now = time.monotonic()
    started = answer.pop("started", None)
    if started is not None:
        answer["timings"][answer["stage"]] = round(now - started, 4)
    answer["stage"] = stage
    if stage != "done":
        write_answer(folder, answer)
    answer["started"] = now


def write_answer(folder: Path, answer: JobAnswer) -> None:
    """Write the answer in one piece: a reader never sees half of it."""
    temporary = folder / "answer.json.part"
    shown = {key: value for key, value in answer.items() if key != "started"}
    temporary.write_text(json.dumps(shown), encoding="utf-8")
    temporary.replace(folder / "answer.json")


def _describe(error: BaseException) -> Dict[str, Any]:
    return {
        "type": type(error).__name__,
        "message": str(error),
        "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__)),
    }


def _declared(folder: Path, job: Dict[str, Any], answer: JobAnswer) -> Dict[str, Any]:
    import tensorflow as tf

    def announce(name: str) -> None:
        answer["declaring"] = name
        write_answer(folder, answer)

    for library in job["op_libraries"]:
        announce(library)
        try:
            tf.load_op_library(library)
        except Exception as error:  # noqa: BLE001 - the library is the user's
            raise imports.DeclaredImportError(library, error) from error
    for module in job["imports"]:
        announce(module)
        imports.import_declared(module, job["modules"])
    custom_objects = {}
    for name, place in job["custom_objects"].items():
        announce(place["module"])
        custom_objects[name] = imports.find_object(place["module"], place["qualname"], job["modules"])
    return custom_objects


def versions(keras: Any) -> Dict[str, str]:
    """The versions that matter to a load: Keras, TensorFlow, Python, NumPy."""
    import tensorflow as tf

    return {
        "keras": resolve.version_of(keras),
        "tensorflow": str(tf.__version__),
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
        "numpy": str(np.__version__),
    }


def _resolve(job: Dict[str, Any], keras: Any, custom_objects: Dict[str, Any], answer: JobAnswer) -> None:
    answer["unknown_ops"] = resolve.unknown_ops(job["ops"])
    unknown = answer["unknown_objects"] = []
    problems = answer["not_rebuildable"] = []
    for index, use in enumerate(job["objects"]):
        found = resolve.resolve_object(use, keras, custom_objects)
        if found is None:
            unknown.append(index)
            continue
        problem = resolve.rebuild_problem(found, use["config_keys"]) if use["is_class"] else None
        if problem is not None:
            problems.append(dict(problem, index=index, **{"class": _full_name(found)}))


def _full_name(found: Any) -> str:
    # A class made by `type(...)` may have no module.
    return "{}.{}".format(getattr(found, "__module__", None) or "", found.__qualname__)


def _is_saved_model(job: Dict[str, Any]) -> bool:
    return FORMATS[job["format"]]


def _load(job: Dict[str, Any], keras: Any, custom_objects: Dict[str, Any], *, compiles: bool) -> Any:
    if _is_saved_model(job):
        import tensorflow as tf

        return tf.saved_model.load(job["artifact"])
    options = {"custom_objects": custom_objects, "compile": compiles}
    if "safe_mode" in inspect.signature(keras.models.load_model).parameters:
        # Keras has no safe mode before 2.12.
        options["safe_mode"] = job["safe_mode"]
    return keras.models.load_model(job["artifact"], **options)


def _digests(job: Dict[str, Any], loaded: Any) -> Any:
    return weights.of_saved_object(loaded) if _is_saved_model(job) else weights.of_variables(loaded.weights)


def _predict(folder: Path, job: Dict[str, Any], loaded: Any, answer: JobAnswer) -> None:
    answer["routes"] = _keep_outputs(_outputs(folder, job, loaded), folder / "outputs.npz")


def _trace_layers(folder: Path, job: Dict[str, Any], loaded: Any, answer: JobAnswer) -> None:
    if _is_saved_model(job):
        answer["layers"], found = graph_trace.trace_of(loaded, _inputs(folder, job), job)
    else:
        trace = layer_trace.LayerTrace(loaded)
        trace.run(_inputs(folder, job))
        answer["layers"], found = {"entries": trace.entries, "state": trace.state()}, trace.samples
    np.savez(str(folder / "layers.npz"), **found)


def _outputs(folder: Path, job: Dict[str, Any], loaded: Any) -> Dict[str, Any]:
    """What the loaded model predicts, by signature name."""
    inputs = _inputs(folder, job)
    states = saved_models.States(loaded) if job.get("stateful") and _is_saved_model(job) else None

    def call() -> Dict[str, Any]:
        if _is_saved_model(job):
            return _call_signatures(job, loaded, inputs, states)
        return {"": tensors.named_leaves(calls.call_model(loaded, inputs), calls.output_names(loaded))}

    return samples.over_calls(call(), call, job.get("stochastic", ()))


def _outputs_file(name: str) -> str:
    """Where another load leaves its outputs."""
    return "outputs-{}.npz".format(name)


def _inputs(folder: Path, job: Dict[str, Any]) -> Any:
    with np.load(str(folder / "inputs.npz"), allow_pickle=False) as arrays:
        return tensors.unpack(job["inputs"], arrays)


def _trial(folder: Path, job: Dict[str, Any], loaded: Any, keras: Any) -> Dict[str, Any]:
    """Loss, metrics and a step of training, with the targets that are given."""
    with np.load(str(folder / "targets.npz"), allow_pickle=False) as arrays:
        targets = tensors.unpack(job["trial"]["targets"], arrays)
    trial = job["trial"]
    return training_step.trial(
        loaded, _inputs(folder, job), targets, keras, steps=trial["steps"], seed=trial.get("seed", 0)
    )


def _keep_outputs(routes: Dict[str, Any], file: Path) -> Dict[str, Any]:
    structure, packed = tensors.pack(routes)
    np.savez(str(file), **packed)
    return structure


def _call_signatures(
    job: Dict[str, Any], loaded: Any, inputs: Any, states: Optional[saved_models.States]
) -> Dict[str, Any]:
    def call(name: str, given: Any, input_names: Any) -> Dict[str, Any]:
        if states is not None:
            states.reset()
        return calls.call_signature(loaded.signatures[name], name, given, input_names)

    return saved_models.call_each(job, sorted(loaded.signatures), call, inputs)


def peak_memory() -> int:
    """The greatest resident set this process had, in bytes; 0 where the platform does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
