"""Trials of wrappers around what they can hold, and of models in which layers stand in other ways than one by one."""

from typing import Any, Callable, Dict, Iterator, List, Tuple

from .kit import Kit
from .trial import Trial, sequential
from .values import importable

Maker = Callable[[], Any]
Held = Tuple[str, Maker, Tuple[str, ...]]


def wrapper_trials(kit: Kit) -> Iterator[Tuple[str, Trial]]:
    """Each wrapper around each sample of what it can hold."""
    layers = kit.layers
    wrappers: Dict[str, Tuple[Callable[[Any], Any], str, List[Held]]] = {
        "TimeDistributed": (lambda held: layers.TimeDistributed(held, name="probe"), "sequences", _held(kit)),
        "Bidirectional": (lambda held: layers.Bidirectional(held, name="probe"), "sequences", _recurrent(kit)),
        "RNN": (lambda held: layers.RNN(held, name="probe"), "sequences", _cells(kit)),
        "SpectralNormalization": (
            lambda held: layers.SpectralNormalization(held, name="probe"),
            "vectors",
            [held for held in _held(kit) if held[0] in ("Dense", "EinsumDense")],
        ),
        "TimeDistributed of TimeDistributed": (
            lambda held: layers.TimeDistributed(layers.TimeDistributed(held, name="held"), name="probe"),
            "films",
            [held for held in _held(kit) if held[0] in ("Dense", "BatchNormalization")],
        ),
        "Pipeline": (
            lambda held: layers.Pipeline([held], name="probe"),
            "images",
            [held for held in _held(kit) if held[0] in ("Activation", "Dropout")],
        ),
    }
    for name, (wrap, inputs, helds) in wrappers.items():
        for held, make, declared in helds:
            label = "{} around {}".format(name, held)
            yield label, Trial(label, "wrapper", _wrapped(kit, wrap, make, inputs), inputs, declared)


def _wrapped(kit: Kit, wrap: Callable[[Any], Any], make: Maker, inputs: str) -> Maker:
    return lambda: sequential(kit, [wrap(make())], inputs)


def _held(kit: Kit) -> List[Held]:
    layers, own = kit.layers, importable("objects")
    return [
        ("Dense", lambda: layers.Dense(2, name="inner"), ()),
        ("EinsumDense", lambda: kit.layers.EinsumDense("ab,bc->ac", 2, name="inner"), ()),
        ("Dropout", lambda: layers.Dropout(0.5, name="inner"), ()),
        ("BatchNormalization", lambda: layers.BatchNormalization(name="inner"), ()),
        ("Activation", lambda: layers.Activation("elu", name="inner"), ()),
        ("Lambda", lambda: layers.Lambda(own.plain_function, name="inner"), ("plain_function",)),
        ("Sequential", lambda: kit.keras.Sequential([layers.Dense(2, name="inner")], name="held"), ()),
        ("a functional model", lambda: _functional(kit), ()),
        ("a custom layer", lambda: own.PlainScale(name="inner"), ("PlainScale",)),
        ("a registered layer", lambda: own.RegisteredScale(name="inner"), ("RegisteredScale",)),
    ]


def _functional(kit: Kit) -> Any:
    inputs = kit.keras.Input((3,), name="held_input")
    return kit.keras.Model(inputs, kit.layers.Dense(2, name="inner")(inputs), name="held")


def _cells(kit: Kit) -> List[Held]:
    layers, own = kit.layers, importable("objects")
    return [
        ("LSTMCell", lambda: layers.LSTMCell(2, name="inner"), ()),
        ("GRUCell", lambda: layers.GRUCell(2, name="inner"), ()),
        ("SimpleRNNCell", lambda: layers.SimpleRNNCell(2, name="inner"), ()),
        ("a list of cells", lambda: [layers.LSTMCell(2, name="first"), layers.GRUCell(2, name="second")], ()),
        (
            "StackedRNNCells",
            lambda: layers.StackedRNNCells([layers.LSTMCell(2, name="first"), layers.GRUCell(2, name="second")]),
            (),
        ),
        ("a custom cell", lambda: own.PlainCell(2, name="inner"), ("PlainCell",)),
        ("a registered cell", lambda: own.RegisteredCell(2, name="inner"), ("RegisteredCell",)),
    ]


def _recurrent(kit: Kit) -> List[Held]:
    layers = kit.layers
    whole: List[Held] = [
        ("LSTM", lambda: layers.LSTM(2, name="inner"), ()),
        ("GRU", lambda: layers.GRU(2, name="inner"), ()),
        ("SimpleRNN", lambda: layers.SimpleRNN(2, name="inner"), ()),
    ]
    return whole + [("RNN of " + name, _rnn(kit, make), declared) for name, make, declared in _cells(kit)]


def _rnn(kit: Kit, make: Maker) -> Maker:
    return lambda: kit.layers.RNN(make(), name="inner")
