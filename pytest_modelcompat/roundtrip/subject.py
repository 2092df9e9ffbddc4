"""Subject: an artifact with what is known of the model in it, saved here or by something else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts import Inventory, read_inventory
from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.comparison.leaves import leaf_dtype_name
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip import save
from pytest_modelcompat.roundtrip.declarations import import_paths
from pytest_modelcompat.roundtrip.examination import Examined, examine, may_come_late
from pytest_modelcompat.roundtrip.inputs.derivation import inputs_for_artifact
from pytest_modelcompat.roundtrip.inputs.how_to_give import how_to_give_inputs
from pytest_modelcompat.roundtrip.inputs.live_model import CalledInputs, call_on, call_on_derived
from pytest_modelcompat.roundtrip.inputs.values import InputsNeededError
from pytest_modelcompat.roundtrip.live_model import LiveModel
from pytest_modelcompat.roundtrip.model import ModelUnderTest, as_model_under_test, installed_keras
from pytest_modelcompat.roundtrip.not_a_model import refuse_missing, refuse_no_model
from pytest_modelcompat.roundtrip.save_failure import why_not_saved
from pytest_modelcompat.roundtrip.seed import seed_everything
from pytest_modelcompat.roundtrip.stop import NotApplicableError, TargetStoppedError, stop_on_failure
from pytest_modelcompat.roundtrip.trained.findings import not_evaluated
from pytest_modelcompat.roundtrip.trained.live_trial import LiveTrial, live_trial
from pytest_modelcompat.roundtrip.unsaved.arguments import UnsavedArgument, unsaved_arguments
from pytest_modelcompat.roundtrip.unsaved.findings import unsaved_findings
from pytest_modelcompat.settings.checks import plain_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts.weight_digest import WeightDigest
    from pytest_modelcompat.roundtrip.case import Case


@dataclass(frozen=True)
class Subject:
    """An artifact with what is known of the model it holds.

    Args:
        artifact: the file or folder.
        format: the artifact's format: `h5`, `keras` or `saved_model`.
        keras: the package to load it with.
        inputs: nested inputs; by signature if `per_signature`.
        per_signature: see `Job`.
        derived: what the inputs are derived from; empty where they were given.
        outputs: the live model's outputs by name; None for an artifact something else saved.
        sent: the inputs as the loader takes them, where that is another way.
        input_names: what the live model calls its inputs, in TensorFlow's order.
        order: names of the live model's outputs in TensorFlow's order.
        weights: digests of the live model's weights.
        training: its training state before the save.
        defining_modules: name -> import path of the classes and functions it is made of.
        live: the model that it was saved from; None for an artifact something else saved.
        notes: findings of the save, and signatures that nobody gives inputs.
        uncallable: why it cannot be called; it is then only loaded, which may already fail for a graver reason.
        is_trusted: whether the test itself saved it, or what it does here is allowed by name; see `Judgement`.
        is_stateful: whether the live model has RNNs that keep their state from call to call.
        unsaved: constructor arguments of the live model that the artifact does not hold.
        trial: the live model's loss, metrics and step of training, where the case checks training.
        unexamined: the model, where it was saved before it was examined.
    """

    artifact: Path
    format: str
    keras: str
    inputs: Any
    per_signature: bool = False
    derived: str = ""
    outputs: Mapping[str, Any] | None = None
    sent: Any = None
    input_names: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    weights: tuple[WeightDigest, ...] = ()
    training: Mapping[str, Any] | None = None
    defining_modules: Mapping[str, str] = field(default_factory=dict)
    live: LiveModel | None = None
    notes: tuple[Finding, ...] = ()
    uncallable: Finding | None = None
    is_trusted: bool = False
    is_stateful: bool = False
    unsaved: tuple[UnsavedArgument, ...] = ()
    trial: LiveTrial | None = None
    unexamined: SavedModel | None = None


def prepare_subject(
    case: Case, folder: Path, saves: save.SaveHistory, recorded: Callable[[], Any], *, in_order: bool = True
) -> Subject:
    """Save the case's model into a folder, or take its artifact as it is.

    What the user's own builder raises is passed on as it is.

    Args:
        case: the case.
        folder: where its artifact is put.
        saves: what earlier saves of this session changed.
        recorded: gives the inputs of the case's golden; None where it has none to go by.
        in_order: whether the model is to be examined before it is saved; otherwise that may be left to do.

    Raises:
        NotApplicableError: a model of this kind does not have the format, and the test does not ask for it.
        TargetStoppedError: there is no model, it cannot be called or saved, or its artifact cannot be read.
    """
    if case.artifact is not None:
        return _given(case)
    return _saved(case, folder, saves, recorded, in_order=in_order)


def _saved(
    case: Case, folder: Path, saves: save.SaveHistory, recorded: Callable[[], Any], *, in_order: bool
) -> Subject:
    """Build the model, call it, save it; it is examined before, or where that may come later, by `examined`."""
    assert case.build is not None  # noqa: S101 - a case without an artifact has a builder
    seed_everything(case.settings.seed)
    returned, inputs = case.build()
    model = stop_on_failure(case, Kind.NO_MODEL, lambda: as_model_under_test(returned))
    _pass_over_others_formats(case, model)
    _refuse_changed(case, model, saves)
    called = _called(case, model, inputs, recorded)
    saved_model = SavedModel(case, model, called, folder, saves)
    if in_order or not may_come_late(case, model):
        return saved_model.subject(examine(case, model, called))
    # As the examination leaves it.
    model.reset_states()
    try:
        return saved_model.subject(None)
    except TargetStoppedError:
        # What it has to say comes first, as it does in order.
        examine(case, model, called)
        raise


@dataclass(frozen=True)
class SavedModel:
    """A live model that is saved as a case's artifact.

    Args:
        case: the case.
        model: the model.
        called: its inputs, and what it gave for them.
        folder: where its artifact is put.
        saves: what earlier saves of this session changed.
    """

    case: Case
    model: ModelUnderTest
    called: CalledInputs
    folder: Path
    saves: save.SaveHistory

    def subject(self, examined: Examined | None) -> Subject:
        """Save it.

        Args:
            examined: what was found of it; None where that comes later.

        Raises:
            TargetStoppedError: it cannot be saved.
        """
        case, model, inputs = self.case, self.model, self.called.values
        saved = _save(case, model, inputs, self.folder)
        self.saves.add_changes(model, case.format, saved.changes)
        unsaved, trial = _unsaved(case, model), _trial(case, model, self.called)
        outputs = model.named_outputs(self.called.outputs)
        subject = Subject(
            saved.artifact,
            FORMATS[case.format].artifact,
            model.keras or "keras",
            inputs,
            per_signature=not model.is_keras,
            derived=self.called.derived,
            outputs=outputs,
            sent=model.sent(inputs),
            input_names=model.input_names(),
            order=_order(self.called, outputs),
            defining_modules=model.defining_modules(),
            live=LiveModel(model, inputs, case.format),
            notes=tuple(_changed_by_saving(case.format, change) for change in saved.changes),
            is_stateful=model.is_stateful,
            unsaved=unsaved,
            trial=trial,
            unexamined=self,
        )
        return subject if examined is None else self.completed(subject, examined)

    def completed(self, subject: Subject, examined: Examined) -> Subject:
        """The subject with what was found of the model.

        Args:
            subject: what `subject` gave.
            examined: what was found.
        """
        case, model, trial = self.case, self.model, subject.trial
        return replace(
            subject,
            outputs=examined.outputs,
            weights=examined.weights,
            training=examined.training,
            notes=(
                *subject.notes,
                *_uncalled_signatures(model.signatures, self.called.values),
                *examined.notes,
                *_not_saved(case, model, subject.unsaved),
                *([not_evaluated(case, trial)] if trial is not None and trial.problem else []),
            ),
            unexamined=None,
        )


def _pass_over_others_formats(case: Case, model: ModelUnderTest) -> None:
    """Leave out a format of Keras models for a plain `tf.Module`, unless its test or the command line asks for it.

    Only once the model is built it is known to be one; there is always a format left that is checked.
    """
    if model.is_keras or not FORMATS[case.format].needs_keras:
        return
    asked = case.settings.sources.get("formats")
    left = [name for name in map(plain_name, case.settings.formats) if not FORMATS[name].needs_keras]
    if asked in (None, OptionPlace.INI) and left:
        raise NotApplicableError(
            f"{type(model.model).__name__} is a plain tf.Module: it has no {FORMATS[case.format].words} and is checked "
            f"as {', '.join(left)}"
        )


def _uncalled_signatures(signatures: Iterable[str], inputs: Any) -> Iterator[Finding]:
    """A note for each signature that is given no inputs and so is not called."""
    for name in signatures:
        if name not in inputs:
            yield Finding(
                Kind.INPUTS_NEEDED,
                name,
                cause=f"signature {name!r} was not called: inputs are given for others only",
                severity=Severity.NOTE,
            )


def _changed_by_saving(format_: str, change: save.ModelChange) -> Finding:
    return Finding(
        Kind.MODEL_CHANGED_BY_SAVING,
        format_,
        cause=f"{FORMATS[format_].method} changed the live model: {change}",
        severity=Severity.NOTE,
    )


def _refuse_changed(case: Case, model: ModelUnderTest, saves: save.SaveHistory) -> None:
    """Stop before an object is saved that an earlier save has changed: it is not the model the test built."""
    left = saves.changes_in(model, case.format)
    if not left:
        return
    formats = list(dict.fromkeys(format_ for format_, _ in left))
    raise TargetStoppedError(
        Finding(
            Kind.MODEL_CHANGED_BY_SAVING,
            case.format,
            cause=f"an earlier save as {', '.join(formats)} changed this model object, and saving it now would store "
            "another model than the test built",
            fix=(*_build_again(case.declared_in), f"or check {', '.join(formats)} last"),
            blame=Blame.WRITER,
            details=tuple(("changed", f"{FORMATS[format_].method} changed {change}") for format_, change in left),
        )
    )


def _build_again(declared_in: OptionPlace) -> tuple[str, ...]:
    if declared_in is OptionPlace.CALL:
        return (
            "give the function that builds the model, which is then called again for each format:",
            "model_roundtrip(build_model, ...)",
        )
    if declared_in is OptionPlace.COMMAND_LINE:
        return ("name the function that builds the model rather than the model",)
    return ("build the model in the test itself, which is called again for each format",)


def _given(case: Case) -> Subject:
    """An artifact that something else saved, with the inputs its test returns or its inventory gives."""
    assert case.artifact is not None  # noqa: S101 - asked for by the caller
    artifact = case.artifact
    refuse_missing(artifact)
    inventory = stop_on_failure(case, Kind.ARTIFACT_BROKEN, lambda: read_inventory(artifact))
    refuse_no_model(inventory)
    is_saved_model = inventory.format == "saved_model"
    subject = Subject(artifact, inventory.format, installed_keras(), None, per_signature=is_saved_model)
    inputs = _given_inputs(case, case.inputs() if case.inputs is not None else None)
    if inputs is None:
        try:
            derived = inputs_for_artifact(inventory, case.settings.seed)
        except InputsNeededError as error:
            fix = how_to_give_inputs(case, error.example)
            needed = Finding(Kind.INPUTS_NEEDED, case.title, cause=str(error), fix=fix)
            return replace(subject, uncallable=needed)
        return replace(subject, inputs=derived.values, derived=str(derived))
    if not is_saved_model:
        return replace(subject, inputs=inputs)
    inputs = _by_signature(inputs, inventory)
    return replace(subject, inputs=inputs, notes=tuple(_uncalled_signatures(_signature_names(inventory), inputs)))


def _given_inputs(case: Case, returned: Any, model: Any = None) -> Any:
    """What the test returned as inputs, else what its options or the project's hook give; None if none does."""
    from pytest_modelcompat.loader import tensors

    given = case.settings.inputs if returned is None else returned
    given = given() if callable(given) else given
    if given is None and case.extensions.inputs is not None:
        given = case.extensions.inputs(str(case.golden), model, case.settings)
    try:
        return tensors.as_leaves(given)
    except (TypeError, ValueError) as error:
        cause = f"the inputs given cannot be made into arrays: {error}"
        fix = how_to_give_inputs(case, "np.zeros(...)")
        raise TargetStoppedError(Finding(Kind.INPUTS_NEEDED, case.title, cause=cause, fix=fix)) from None


def _signature_names(inventory: Inventory) -> list[str]:
    return [signature.name for signature in inventory.signatures]


def _by_signature(inputs: Any, inventory: Inventory) -> dict[str, Any]:
    """Inputs by signature: as given, else the same for every signature that takes as many, strings as strings."""
    from pytest_modelcompat.loader import tensors

    names = _signature_names(inventory)
    if isinstance(inputs, dict) and inputs and set(inputs) <= set(names):
        return inputs
    given = sorted(leaf_dtype_name(leaf) == "string" for _, leaf in tensors.paths(inputs))
    fitting = [
        signature.name
        for signature in inventory.signatures
        if sorted(each.dtype == "string" for each in signature.inputs) == given
    ]
    return dict.fromkeys(fitting or names, inputs)


def _called(case: Case, model: ModelUnderTest, returned: Any, recorded: Callable[[], Any]) -> CalledInputs:
    """The inputs that are given, else derived ones, with what the model gives for them."""
    inputs = _given_inputs(case, returned, model.model)
    if inputs is None:
        return call_on_derived(case, model, recorded)
    if not model.is_keras and not (isinstance(inputs, dict) and set(inputs) <= set(model.signatures)):
        inputs = dict.fromkeys(model.signatures, inputs)
    return CalledInputs(inputs, call_on(case, model, inputs))


def _order(called: CalledInputs, outputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of a live model's outputs in TensorFlow's order."""
    from pytest_modelcompat.loader import calls

    return tuple(calls.ordered_names(called.outputs, list(outputs)))


def _unsaved(case: Case, model: ModelUnderTest) -> tuple[UnsavedArgument, ...]:
    """What its configuration lacks; a SavedModel holds none, but what the model computes."""
    if FORMATS[case.format].artifact == "saved_model":
        return ()
    return unsaved_arguments(model, compiled=case.settings.compile_model)


def _trial(case: Case, model: ModelUnderTest, called: CalledInputs) -> LiveTrial | None:
    """What the live model gives in training, where that is checked; a SavedModel is not compiled."""
    if "training" not in case.settings.checks or FORMATS[case.format].artifact == "saved_model" or not model.is_keras:
        return None
    return live_trial(model, called.values, called.outputs, case.settings.train, case.settings.seed)


def _not_saved(case: Case, model: ModelUnderTest, unsaved: Sequence[UnsavedArgument]) -> Iterator[Finding]:
    declared = {"custom_objects": import_paths(case.settings)}
    syntax = OptionSyntax(
        case.declared_in, test_module=case.test_module, declared=declared, keras=model.keras or "keras"
    )
    return unsaved_findings(unsaved, syntax, trains="training" in case.settings.checks)


def _save(case: Case, model: ModelUnderTest, inputs: Any, folder: Path) -> save.SaveResult:
    try:
        return save.save(model, case.format, folder)
    except save.FormatCannotHoldError as error:
        fix = OptionSyntax(case.declared_in).formats(error.formats)
        raise TargetStoppedError(Finding(Kind.FORMAT_CANNOT_HOLD, case.format, cause=str(error), fix=(fix,))) from None
    except save.SaveFailedError as error:
        raise TargetStoppedError(*why_not_saved(case, model, inputs, error.__cause__ or error)) from None
