"""Every option, once: its name, its type, its default, its check, its flag, its ini option and its help.

Flags, ini options, markers and their help, the checks, the defaults, the reference page and README's table all follow
from it. A pytest session without model tests imports it too, so it imports nothing that costs time.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.results.flags import FLAGS, IN_INI, INI_PREFIX, SWITCHES
from pytest_modelcompat.runtimes import LOCAL

CHECKS = ("predictions", "weights", "structure", "training")
SAVED_MODEL_LOADERS = ("object", "graph", "tfsm_layer", "tf_keras")
ISOLATION = ("auto", "required", "off")
IniType = Literal["args", "linelist", "float", "int", "bool", "string"]
_INI_TYPES: dict[type | None, IniType] = {float: "float", int: "int", bool: "bool", str: "string"}
# A reason has spaces in it: each entry takes a line.
_IN_LINES = frozenset({"allow_unsafe"})


class Option(SimpleNamespace):
    """An option of a case: on a marker, in a call, and, where it has a flag, on the command line and in the ini file.

    Args:
        name: its name on a marker and in a call.
        takes: its type, in words.
        default: its value where nothing sets it.
        check: the function of `settings.checks` that checks a value and gives it the type that `Settings` has.
        meaning: what it does, in Markdown, for the documentation.
        shown_default: the default in words, where the value says less.
        help: what it does, for `pytest --help`; empty where it has no flag.
        metavar: what stands for its value there; empty for a switch, a flag without a value that sets it to False.
        type: the type of a flag that is given once; None for one that is given again for each value.
    """

    name: str
    takes: str
    default: Any
    check: str
    meaning: str
    shown_default: str = "none"
    help: str = ""
    metavar: str = ""
    type: type | None = None

    @property
    def flag(self) -> str:
        """Its flag; empty where it has none."""
        return SWITCHES.get(self.name, "") or FLAGS.get(self.name, "")

    @property
    def is_switch(self) -> bool:
        """Whether its flag takes no value, and sets it to False."""
        return self.name in SWITCHES

    @property
    def dest(self) -> str:
        """Where pytest keeps the flag's value, which is None where the flag is not given."""
        return INI_PREFIX + self.name

    @property
    def ini(self) -> str:
        """Its ini option; empty where it has none."""
        return INI_PREFIX + self.name if self.name in IN_INI else ""

    @property
    def ini_type(self) -> IniType:
        """The type of its ini option; a native table may hold a number as well."""
        return "linelist" if self.name in _IN_LINES else _INI_TYPES.get(self.type, "args")


OPTIONS = (
    Option(
        name="formats",
        takes="list of names",
        default=tuple(name for name, format_ in FORMATS.items() if format_.is_default),
        check="formats",
        meaning="formats to save: `h5`, `keras`, `saved_model`, `export` (`model.export`)",
        shown_default="the first three",
        help=f"save in this format: {', '.join(FORMATS)} (repeatable)",
        metavar="FORMAT",
    ),
    Option(
        name="custom_objects",
        takes="dict of name -> class or function",
        default={},
        check="custom_objects",
        meaning="custom classes and functions for `load_model`, by name; the loader imports each from its module",
        help="pass this class or function to load_model (repeatable)",
        metavar="[NAME=]MODULE:CLASS",
    ),
    Option(
        name="imports",
        takes="list of module names",
        default=(),
        check="imports",
        meaning="modules the loader imports first, as production does",
        help="import this module before the model is loaded (repeatable)",
        metavar="MODULE",
    ),
    Option(
        name="op_libraries",
        takes="list of paths",
        default=(),
        check="op_libraries",
        meaning="`.so` files for `tf.load_op_library`",
        help="load this op library before the model (repeatable)",
        metavar="PATH",
    ),
    Option(
        name="inputs",
        takes="array, list, dict, or a function that gives one",
        default=None,
        check="inputs",
        meaning="what the model is called with: an array, list, dict, or a function that gives one",
        shown_default="derived",
    ),
    Option(
        name="name", takes="text", default=None, check="name", meaning="the golden's name", shown_default="the test's"
    ),
    Option(
        name="rtol",
        takes="number, or dict of output name -> number",
        default=None,
        check="tolerance",
        meaning="relative tolerance, with `atol` or not at all; a number or {output: number}",
        shown_default="by dtype, below",
        help="relative tolerance; needs --modelcompat-atol too",
        metavar="NUMBER",
        type=float,
    ),
    Option(
        name="atol",
        takes="number, or dict of output name -> number",
        default=None,
        check="tolerance",
        meaning="absolute tolerance, with `rtol` or not at all; a number or {output: number}",
        shown_default="by dtype, below",
        help="absolute tolerance; needs --modelcompat-rtol too",
        metavar="NUMBER",
        type=float,
    ),
    Option(
        name="compare",
        takes="text, or dict of output name -> text",
        default={},
        check="compare",
        meaning="what decides whether an output is as expected: `tolerance`, `quantile(0.99)`, `cosine(0.9999)`, "
        "`topk(1)`, `psnr(40)` or `module:function`; one for all, or {output: one}",
        shown_default="`tolerance`",
        help="what decides, for all outputs or for OUTPUT: tolerance, quantile(0.99), cosine(0.9999), topk(1), "
        "psnr(40), module:function (repeatable)",
        metavar="[OUTPUT=]COMPARISON",
    ),
    Option(
        name="stochastic",
        takes="list of output names",
        default=(),
        check="stochastic",
        meaning="outputs that draw random numbers: their mean and spread over many calls are compared",
        help="this output draws random numbers: compare its mean and spread over many calls (repeatable)",
        metavar="OUTPUT",
    ),
    Option(
        name="seed",
        takes="whole number",
        default=0,
        check="seed",
        meaning="seeds Python, NumPy and Keras before the model is built",
        shown_default="0",
        help="seed of Python, NumPy and Keras before each model (default: 0)",
        metavar="NUMBER",
        type=int,
    ),
    Option(
        name="runtimes",
        takes="list of names",
        default=(LOCAL,),
        check="runtimes",
        meaning="where to reload: `local`, `tf2.15`, a runtime that is declared",
        shown_default="`local`",
        help="reload in this runtime (repeatable; default: local)",
        metavar="NAME",
    ),
    Option(
        name="loads_in",
        takes="list of runtime names and profile files",
        default=(),
        check="loads_in",
        meaning="runtimes and profile files in which the artifact must also load; predicted, so nothing has to be "
        "installed",
        help="also predict whether what is saved loads in this runtime (tf2.15) or profile file (repeatable)",
        metavar="NAME",
    ),
    Option(
        name="checks",
        takes="list of names",
        default=("predictions", "weights", "structure"),
        check="checks",
        meaning="what to check: `predictions`, `weights`, `structure`, `training`",
        shown_default="the first three",
        help="check only this: predictions, weights, structure, training (repeatable; default: the first three)",
        metavar="CHECK",
    ),
    Option(
        name="train",
        takes="array, list, dict, a function that gives one, or its place as `module:function`",
        default=None,
        check="train",
        meaning="targets for check `training`: an array, list, dict, a function that gives one, or `module:function`",
        shown_default="derived",
        help="take the targets of check training from this function (default: derived from outputs and loss)",
        metavar="MODULE:FUNCTION",
        type=str,
    ),
    Option(
        name="allow_ops",
        takes="dict of name -> reason",
        default={},
        check="allowed",
        meaning="new ops to accept: {name: reason}",
    ),
    Option(
        name="allow_layers",
        takes="dict of name -> reason",
        default={},
        check="allowed",
        meaning="new layers to accept: {name: reason}",
    ),
    Option(
        name="allow_unsafe",
        takes="dict of name -> reason",
        default={},
        check="allowed",
        meaning="unsafe content of a given artifact to accept: {name: reason}; the failure text gives the name",
        help="load an artifact in spite of this unsafe content (repeatable)",
        metavar="NAME=REASON",
    ),
    Option(
        name="safe_mode",
        takes="bool",
        default=True,
        check="switch",
        meaning="`False` lets Lambda bytecode run, in the loader's child only",
        shown_default="`True`",
        help="load with safe_mode=False: lets Lambda bytecode run, in the loader's child only",
        type=bool,
    ),
    Option(
        name="compile_model",
        takes="bool",
        default=True,
        check="switch",
        meaning="`False` loads without what `compile()` was given, as `load_model(..., compile=False)` does",
        shown_default="`True`",
        help="load with compile=False: without the optimizer, loss and metrics that compile() was given",
        type=bool,
    ),
    Option(
        name="saved_model_loaders",
        takes="list of names",
        default=("object", "graph"),
        check="saved_model_loaders",
        meaning="how a SavedModel is loaded: `object` (always), `graph`, `tfsm_layer`, `tf_keras`",
        shown_default="`object`, `graph`",
        help=f"load SavedModels with this too: {', '.join(SAVED_MODEL_LOADERS)} (repeatable; default: object, graph)",
        metavar="LOADER",
    ),
    Option(
        name="expected_failures",
        takes="list of dicts",
        default=(),
        check="expected_failures",
        meaning="targets that are known to fail: `target`, `kind`, `reason`, `until`",
    ),
    Option(
        name="timeout",
        takes="number of seconds",
        default=300.0,
        check="timeout",
        meaning="seconds until a load is stopped",
        shown_default="300",
        help="kill a load after this long (default: 300)",
        metavar="SECONDS",
        type=float,
    ),
    Option(
        name="memory_limit",
        takes="number of bytes, or text such as `8GB`",
        default=None,
        check="memory_limit",
        meaning="the memory that a load may hold: bytes, or a text such as `8GB`",
        shown_default="seven eighths of the machine's",
        help="stop a load that holds more memory than this, such as 8GB (default: seven eighths of the machine's)",
        metavar="SIZE",
        type=str,
    ),
    Option(
        name="isolation",
        takes="`auto`, `required` or `off`",
        default="auto",
        check="isolation",
        meaning="how the child that loads is isolated: `auto` (as far as the machine can), `required`, `off`",
        shown_default="`auto`",
        help=f"how the child that loads is isolated: {', '.join(ISOLATION)} (default: auto)",
        metavar="LEVEL",
        type=str,
    ),
)
BY_NAME = {option.name: option for option in OPTIONS}
# Those that the command line has as well, and those that the ini file has.
WITH_FLAG = tuple(option for option in OPTIONS if option.flag)
WITH_INI = tuple(option for option in OPTIONS if option.ini)

# Flags of the whole session -> what pytest's `addoption` takes.
SESSION_FLAGS: dict[str, dict[str, Any]] = {
    "--modelcompat-update-golden": {
        "action": "store_true",
        "help": "write the goldens that are missing or changed, after their round trip held",
    },
    "--modelcompat-model": {
        "action": "append",
        "metavar": "MODULE:NAME",
        "help": "run the round trips of this builder or model without a test file (repeatable)",
    },
    "--modelcompat-only": {"action": "store_true", "help": "run only the model tests"},
    "--modelcompat-in-order": {
        "action": "store_true",
        "help": "do one thing after the other: each model is called again before it is saved and loaded, rather than "
        "while its artifact loads",
    },
    "--modelcompat-loader-server": {
        "action": "store_true",
        "help": "keep the process that has imported TensorFlow for later sessions, until none has come for 15 minutes; "
        "`modelcompat doctor` lists and ends it (Linux)",
    },
    "--modelcompat-freeze": {
        "metavar": "LABEL",
        "help": "store this run's artifacts beside their goldens, as a release that every later run must load",
    },
    "--modelcompat-report": {
        "action": "append",
        "metavar": "PATH",
        "help": "write the result of every target into this file: .json, which `modelcompat report` merges and shows, "
        ".html, .md or .sarif (repeatable)",
    },
    "--modelcompat-keep": {
        "metavar": "DIR",
        "help": "keep the saved artifacts in this folder, and of each target that fails what somebody else needs to "
        "run it: inputs, expected outputs, the modules of its classes, and the script reproduce.py",
    },
}
# Options of the ini file alone -> what pytest's `addini` takes.
SESSION_INI: dict[str, dict[str, Any]] = {
    "modelcompat_golden_dir": {
        "type": "string",
        "default": "golden",
        "help": "folder of the goldens, from the rootdir (default: golden)",
    },
    "modelcompat_artifacts": {
        "type": "args",
        "default": [],
        "help": "glob patterns, from the rootdir, of model files and SavedModel folders to reload",
    },
    "modelcompat_baseline": {
        "type": "string",
        "default": "",
        "help": "file, from the rootdir, of accepted unsafe content, as `modelcompat check --write-baseline` writes it",
    },
    "modelcompat_keep_failures": {
        "type": "string",
        "default": "",
        "help": "where the environment variable CI is set: keep each target that fails in this folder, from the "
        "rootdir, as --modelcompat-keep does",
    },
    "modelcompat_update_in_ci": {
        "type": "bool",
        "default": False,
        "help": "allow --modelcompat-update-golden where the environment variable CI is set",
    },
    "modelcompat_github": {
        "type": "bool",
        "default": True,
        "help": "on GitHub Actions, annotate failing model tests and write a summary of the step (default: true)",
    },
    "modelcompat_fork": {
        "type": "bool",
        "default": None,
        "help": "fork the loader's children rather than starting a process for each (default: on Linux)",
    },
}
