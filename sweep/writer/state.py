"""Trials of what a layer has learnt or been turned into, beside its configuration."""

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

from .kit import INPUTS, Kit
from .trial import Trial, move_weights, sequential

Maker = Callable[[], Any]
TEXT_MODES = ("int", "multi_hot", "count", "tf_idf", "binary", "tf-idf")
LOOKUP_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf", "binary", "tf-idf")
ENCODING_MODES = ("one_hot", "multi_hot", "count")
POLICIES = ("mixed_float16", "mixed_bfloat16", "float64", "float16", "bfloat16")
QUANTIZATIONS = ("int8", "int4", "float8")


def state_trials(kit: Kit) -> Iterator[Tuple[str, Trial]]:
    """Adapted, quantized, adapted in low rank, and under each dtype policy."""
    for name, make, inputs in [*_adapted(kit), *_given(kit), *_from_files(kit), *_quantized(kit)]:
        yield name, Trial(name, "state", make, inputs, is_as_is=True)
    for name, make, inputs in _of_columns(kit):
        yield name, Trial(name, "column", make, inputs, is_as_is=True)
    for name, make, inputs in _under_policies(kit):
        yield name, Trial(name, "state", make, inputs)


def _find(kit: Kit, name: str) -> Any:
    experimental = getattr(getattr(kit.layers, "experimental", None), "preprocessing", None)
    return getattr(kit.layers, name, None) or getattr(experimental, name, None)


def _adapted(kit: Kit) -> Iterator[Tuple[str, Maker, str]]:
    cases: List[Tuple[str, str, Dict[str, Any]]] = [
        ("Normalization", "vectors", {}),
        ("Normalization", "vectors", {"axis": None}),
        ("Discretization", "vectors", {"num_bins": 3}),
    ]
    cases += [("TextVectorization", "strings", {"output_mode": mode}) for mode in TEXT_MODES]
    cases += [("StringLookup", "strings", {"output_mode": mode}) for mode in LOOKUP_MODES]
    cases += [("IntegerLookup", "integers", {"output_mode": mode}) for mode in LOOKUP_MODES]
    for name, inputs, options in cases:
        label = "{} adapted{}".format(name, "".join(", {}={!r}".format(*each) for each in options.items()))
        yield label, _adapt(kit, name, inputs, options), inputs


def _given(kit: Kit) -> Iterator[Tuple[str, Maker, str]]:
    """Layers that are given what others learn: a vocabulary and what its words weigh, a mean and a variance."""
    cases: List[Tuple[str, str, List[Any], Tuple[str, ...]]] = [
        ("TextVectorization", "strings", list("abcd"), TEXT_MODES),
        ("StringLookup", "strings", list("abcd"), LOOKUP_MODES),
        ("IntegerLookup", "integers", [0, 1, 2, 3], LOOKUP_MODES),
    ]
    for name, inputs, words, modes in cases:
        for mode in modes:
            weights = {"idf_weights": [0.5, 1.0, 1.5, 2.0]} if "idf" in mode else {}
            make = _of(kit, name, inputs, dict(weights, vocabulary=words, output_mode=mode))
            yield "{} of a vocabulary, output_mode={!r}".format(name, mode), make, inputs
    moments = {"mean": [1.0, 2.0, 3.0, 4.0], "variance": [0.5, 1.0, 1.5, 2.0]}
    yield "Normalization of a mean and a variance", _of(kit, "Normalization", "vectors", moments), "vectors"


def _of_columns(kit: Kit) -> Iterator[Tuple[str, Maker, str]]:
    """Layers that encode one number a row, of which versions make other shapes than of several."""
    cases: List[Tuple[str, str, Dict[str, Any], Tuple[str, ...]]] = [
        ("CategoryEncoding", "column of integers", {"num_tokens": 5}, ENCODING_MODES),
        ("Discretization", "column", {"bin_boundaries": [0.3, 0.6]}, ("int", *ENCODING_MODES)),
        ("IntegerLookup", "column of integers", {"vocabulary": [0, 1, 2, 3]}, ("int", *ENCODING_MODES)),
        ("Hashing", "column of integers", {"num_bins": 5}, ("int", *ENCODING_MODES)),
    ]
    for name, inputs, options, modes in cases:
        for mode in modes:
            make = _of(kit, name, inputs, dict(options, output_mode=mode))
            yield "{} of a column, output_mode={!r}".format(name, mode), make, inputs


def _of(kit: Kit, name: str, inputs: str, options: Dict[str, Any]) -> Maker:
    return lambda: sequential(kit, [_find(kit, name)(name="probe", **options)], inputs)


def _from_files(kit: Kit) -> Iterator[Tuple[str, Maker, str]]:
    cases = [("TextVectorization", "strings", "abcd"), ("StringLookup", "strings", "abcd")]
    cases.append(("IntegerLookup", "integers", "1234"))
    for name, inputs, words in cases:
        yield "{} of a file".format(name), _of_a_file(kit, name, inputs, words), inputs


def _of_a_file(kit: Kit, name: str, inputs: str, words: str) -> Maker:
    def make() -> Any:
        # Tables of one process are shared by the names of their files.
        path = Path(name + ".txt")
        path.write_text("".join(word + "\n" for word in words), encoding="utf-8")
        return sequential(kit, [_find(kit, name)(name="probe", vocabulary=str(path))], inputs)

    return make


def _adapt(kit: Kit, name: str, inputs: str, options: Dict[str, Any]) -> Maker:
    def make() -> Any:
        layer = _find(kit, name)(name="probe", **options)
        data = INPUTS[inputs]()[0]
        layer.adapt(data)
        return sequential(kit, [layer], inputs)

    return make


def _quantized(kit: Kit) -> Iterator[Tuple[str, Maker, str]]:
    cases: List[Tuple[str, Maker, str]] = [
        ("Dense", lambda: kit.layers.Dense(4, name="probe"), "vectors"),
        ("EinsumDense", lambda: kit.layers.EinsumDense("ab,bc->ac", 4, name="probe"), "vectors"),
        ("Embedding", lambda: kit.layers.Embedding(5, 4, name="probe"), "integers"),
    ]
    for name, make, inputs in cases:
        for mode in QUANTIZATIONS:
            yield "{} quantized to {}".format(name, mode), _quantize(kit, make, mode, inputs), inputs
        yield "{} with LoRA".format(name), _with_lora(kit, make, inputs), inputs


def _quantize(kit: Kit, make: Maker, mode: str, inputs: str) -> Maker:
    def made() -> Any:
        model = sequential(kit, [make()], inputs)
        move_weights(model)
        model.quantize(mode)
        return model

    return made


def _with_lora(kit: Kit, make: Maker, inputs: str) -> Maker:
    def made() -> Any:
        layer = make()
        model = sequential(kit, [layer], inputs)
        layer.enable_lora(2)
        move_weights(model)
        return model

    return made


def _under_policies(kit: Kit) -> Iterator[Tuple[str, Maker, str]]:
    for policy in POLICIES:
        yield "a model under {}".format(policy), _under(kit, policy), "sequences"


def _under(kit: Kit, policy: str) -> Maker:
    def made() -> Any:
        mixed = kit.keras.mixed_precision
        setting = getattr(mixed, "set_global_policy", None) or mixed.set_dtype_policy
        setting(policy)
        try:
            layers = kit.layers
            chain = [layers.Dense(4, name="first"), layers.BatchNormalization(name="norm"), layers.LSTM(2, name="last")]
            return sequential(kit, chain, "sequences")
        finally:
            setting("float32")

    return made
