"""What each kind of finding means, how it comes about, what to do in general, and where people met it.

The pages of `docs/kinds/`, `modelcompat explain` and the rules of SARIF are made of these texts. The threads are
public, and each describes the kind as somebody met it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_modelcompat.results.finding import Kind

_LOAD_ELSEWHERE = "Load the file with the versions that saved it or newer ones"
_SAVED_MODEL = "save the model as a SavedModel, which holds a graph and not classes"


@dataclass(frozen=True)
class KindText:
    """What there is to say of a kind, whatever it was found in.

    Args:
        means: what is wrong, in a sentence.
        because: how it comes about.
        fix: what to do in general; the fix of a finding is more exact.
        threads: where people met it, as `owner/repository#number`, each with its title.
    """

    means: str
    because: str
    fix: str
    threads: tuple[tuple[str, str], ...] = ()


def thread_url(thread: str) -> str:
    """Where `owner/repository#number` is read; GitHub leads on from an issue to the pull request of its number."""
    repository, _, number = thread.partition("#")
    return f"https://github.com/{repository}/issues/{number}"


_LOADING = {
    Kind.UNKNOWN_LAYER: KindText(
        "The model names a layer that the runtime does not have.",
        "An .h5 or .keras file holds the names of the layer classes and not the classes. A class of your own is "
        "unknown in every process that has not imported and declared it; a class of Keras is unknown in a version "
        "that is older than the class, or that removed it.",
        "Declare a class of your own where the model is loaded: `custom_objects={'Scale': Scale}`, or decorate it "
        "with `@keras.utils.register_keras_serializable()` and import its module first. For a class of Keras, load "
        "the file with a version that has it.",
        (
            ("keras-team/keras#7585", "Got error of unknown layer by using load_model even used custom_objects"),
            ("tensorflow/tensorflow#43498", "Unknown layer when loading the model using tf.keras.models.load_model"),
        ),
    ),
    Kind.UNKNOWN_OBJECT: KindText(
        "The model names an activation, loss or other object that the runtime does not have.",
        "A file holds functions and small objects (activation, loss, metric, initializer, regularizer, optimizer) by "
        "their names. A name of your own means nothing to a process that has not declared it.",
        "Declare it as a layer is declared: `custom_objects={'focal': focal}`. Where only predictions are needed and "
        "the name is one of compile(), load with `compile=False`.",
        (
            ("keras-team/keras#5916", "Loading model with custom loss function: ValueError: 'Unknown loss function'"),
            ("mkocabas/focal-loss-keras#10", "Unknown loss function:focal_loss_fixed"),
        ),
    ),
    Kind.UNKNOWN_OP: KindText(
        "The graph uses an op that the runtime's TensorFlow has not registered.",
        "A SavedModel names ops. An op comes from TensorFlow itself, and then the runtime's is too old, or from a "
        "library that must be loaded before the model: TensorFlow Text, TensorFlow Decision Forests, an op of your "
        "own.",
        "Import the package that registers the op, or load its library with `tf.load_op_library()`, before the model "
        "is loaded. For an op of TensorFlow, use a TensorFlow that has it. TensorFlow Serving needs a build with the "
        "op.",
        (
            ("tensorflow/tensorflow#64553", "Op type not registered 'DecodeProtoSparseV4'"),
            ("tensorflow/decision-forests#108", "KeyError: 'SimpleMLLoadModelFromPathWithHandle' while loading model"),
            ("tensorflow/custom-op#68", "tensorflow-serving with custom-op, got Op type not registered"),
        ),
    ),
    Kind.UNKNOWN_ATTRIBUTE: KindText(
        "The graph gives an op an attribute that the runtime's TensorFlow does not know.",
        "New versions of TensorFlow add attributes to ops, and write them into every graph. An older version refuses "
        "a graph with an attribute that it does not know.",
        f"{_LOAD_ELSEWHERE}, or save the model again with the older of the two versions.",
        (
            (
                "tensorflow/serving#831",
                "Executor failed to create kernel. NodeDef mentions attr 'index_type' not in Op",
            ),
            (
                "tensorflow/tensorflow#9542",
                "PreventGradient Signature Changed in TF 1.1.0 Breaking Forward Compatibility",
            ),
            ("ahmetozlu/vehicle_counting_tensorflow#69", "NodeDef mentions attr 'identical_element_shapes' not in Op"),
        ),
    ),
    Kind.MISSING_ATTRIBUTE: KindText(
        "The graph does not give an op an attribute that the runtime's TensorFlow requires.",
        "The op got a required attribute after the graph was saved, the graph was written by another program than "
        "TensorFlow, or a tool removed the attribute.",
        "Save the model again with the TensorFlow that loads it; if a tool changed the graph, leave the tool out.",
        (("tensorflow/tensorflow#11163", "Expected one attr with name u'T' in name: \"swap_out_d_0\""),),
    ),
    Kind.UNKNOWN_ARGUMENT: KindText(
        "The saved configuration holds an argument that the runtime's class does not take.",
        "Keras rebuilds each layer by calling its class with the saved arguments. A newer version writes arguments "
        "that an older one does not know (`batch_shape`, `quantization_config`), and Keras 3 removed some of Keras 2 "
        "(`groups`, `time_major`).",
        f"{_LOAD_ELSEWHERE}; files of Keras 2 load with tf_keras and TF_USE_LEGACY_KERAS=1. Or {_SAVED_MODEL}.",
        (
            ("tensorflow/tensorflow#66381", "Exception encountered: Unrecognized keyword arguments: ['batch_shape']"),
            (
                "keras-team/keras#19441",
                "Loading model Conv2DTranspose from h5 file: complaining about group:1 parameter",
            ),
            ("tensorflow/tensorflow#64685", "issue of conversion"),
        ),
    ),
    Kind.MISSING_ARGUMENT: KindText(
        "The saved configuration lacks an argument that the runtime's class requires.",
        "The class got a required argument, or the method that builds it did, after the file was saved.",
        "Load the file with the versions that saved it, build the model in code and load its weights, or "
        f"{_SAVED_MODEL}.",
    ),
    Kind.MODULE_MOVED: KindText(
        "The model names a module that the runtime's Keras does not have.",
        "A .keras file names each class by its module. Keras 2 writes `keras.src.engine.functional`, Keras 3 writes "
        "`keras.src.models.functional`, and tf_keras writes modules of tf_keras: neither finds the other's.",
        "Load a .keras file in the major version of Keras that saved it: for Keras 2, install tf_keras and set "
        "TF_USE_LEGACY_KERAS=1. Or build the model in code, load the weights, and save it again.",
        (
            ("keras-team/keras#19089", "Can't load model with tf-nightly if the model was saved with tf 2.15"),
            ("tensorflow/tensorflow#70866", "Can't load model from model 2.15 in tensorflow 2.15?"),
            ("keras-team/keras#21663", "Cannot load .keras file produced in tensorflow version 2.13.1"),
        ),
    ),
    Kind.CONFIG_CHANGED: KindText(
        "The saved configuration has a shape that the runtime's Keras does not understand.",
        "Keras changed how it writes something: the outputs of a nested model, an axis, a dtype policy, a list of "
        "layers. The version that loads the file expects another shape than the one that saved it wrote.",
        f"{_LOAD_ELSEWHERE}, or {_SAVED_MODEL}. Where the model is built by code of yours, build it there and load the"
        " weights alone.",
        (
            ("keras-team/keras#20084", 'Layer "dense" expects 1 input(s), but it received 2 input tensors'),
            ("tensorflow/tensorflow#63853", "Layer 'dense' expected 1 input(s). Received 2 instead"),
        ),
    ),
    Kind.CANNOT_REBUILD: KindText(
        "A class of the model cannot be made again from the configuration that was saved.",
        "Keras rebuilds a layer or model by `Class(**config)`. It fails where `__init__()` requires an argument that "
        "`get_config()` does not return, or does not take one that Keras saves for every layer (`name`, `trainable`, "
        "`dtype`).",
        "Return every argument of `__init__()` from `get_config()`, beside those of `super().get_config()`, and let "
        "`__init__()` take `**kwargs` and pass them to `super().__init__()`.",
        (
            ("keras-team/keras#4871", "load_model() with custom layers, and custom layers in general"),
            ("tensorflow/tensorflow#33947", "Layers with arguments in `__init__` must override `get_config`"),
            ("Benjamin-Etheredge/mlp-mixer-keras#2", "__init__() missing 1 required positional argument: 'hidden_dim'"),
        ),
    ),
    Kind.CLASS_NOT_SEEN: KindText(
        "Whether a declared class takes its saved configuration cannot be seen in the file.",
        "A file holds the configuration of a class of your own, and not its code. The prediction `loads` holds if the"
        " class takes that configuration.",
        "Nothing has to be done. A round trip (`pytest --modelcompat-runtime`) loads the file with the class and "
        "knows.",
    ),
    Kind.PACKAGE_NEEDED: KindText(
        "Keras imports a package that must be installed in the runtime.",
        "Some layers of Keras, and layers of other packages, import a package only when they are made. Neither "
        "TensorFlow nor Keras installs it.",
        "Install the package where the model is loaded.",
    ),
    Kind.PYTHON_FUNCTION: KindText(
        "The graph calls a Python function that only existed where it was saved.",
        "`tf.py_function` and `tf.numpy_function` put a number into the graph, which stands for a Python function of "
        "the running process. A SavedModel holds the number, and no other process knows the function.",
        "Write the function with TensorFlow ops, or apply it to the inputs or outputs outside of the model.",
        (
            ("tensorflow/serving#1167", "Not found: Op type not registered 'PyFunc'"),
            ("tensorflow/tensorflow#51623", "calback pyfunc_18 is not found"),
        ),
    ),
    Kind.PYTHON_BYTECODE: KindText(
        "The model holds Python bytecode of another Python version than the runtime's.",
        "A `Lambda` layer with a Python lambda is saved as bytecode, which changes with every minor version of "
        "Python. Another one refuses it, computes something else, never ends, or crashes.",
        "Replace the lambda by a layer class of your own, or by a registered function with a name, and save the model"
        " again. To read the old file once, use the Python that wrote it.",
        (
            (
                "keras-team/keras#14875",
                "Bad marshal when loading lambda model saved with different Python minor version",
            ),
            ("keras-team/keras#7440", '"bad marshal data" when loading model that was saved with python 2.7 into 3.4'),
            ("tensorflow/tensorflow#56403", "Bug: bad marshal data (unknown type code)"),
        ),
    ),
    Kind.LAMBDA_REFUSED: KindText(
        "The model holds Python bytecode, which the runtime's Keras refuses to run.",
        "Bytecode in a file can do anything when it runs, so Keras 3 and the .keras format refuse a `Lambda` with a "
        "Python lambda unless safe mode is off. Newer versions of Keras 3 refuse it in .h5 as well.",
        "Replace the lambda by a layer class of your own or a registered function. Only for a file that you trust: "
        "`load_model(path, safe_mode=False)`.",
        (
            ("keras-team/keras#19151", "loading layers with lambda in from .h5 files"),
            ("keras-team/keras#21602", "Propagate `safe_mode` flag to legacy h5 loading code"),
        ),
    ),
    Kind.SAFE_MODE_REFUSED: KindText(
        "The model names a file or code outside it, which the runtime's Keras refuses to load.",
        "In safe mode Keras reads only what is in the model file: no vocabulary file beside it, no SavedModel of a "
        "TFSMLayer, no function of a module outside of Keras.",
        "Give the layer its vocabulary as a list and save the model again. Only for a file that you trust: "
        "`load_model(path, safe_mode=False)`.",
        (
            ("keras-team/keras#21751", "`StringLookup` & `IntegerLookup` now save vocabulary loaded from file"),
            ("keras-team/keras#22034", "Disallow TFSMLayer deserialization in safe_mode"),
        ),
    ),
    Kind.COMPILE_NOT_READ: KindText(
        "What compile() was given cannot be restored in the runtime.",
        "A file holds the loss, the metrics and the optimizer with the model. Keras 3 writes those given as strings "
        '("mse") into .h5 in a way that it does not read back, and other versions write other names.',
        "Give compile() objects (`keras.losses.MeanSquaredError()`), or save as .keras. Where only predictions are "
        "needed, load with `compile=False`.",
        (
            ("keras-team/keras#19330", "unable to load model what should i do"),
            ("tensorflow/tensorflow#70263", "Can't load my model.h5"),
        ),
    ),
    Kind.OPTIMIZER_NOT_READ: KindText(
        "The optimizer cannot be restored in the runtime.",
        "Keras 2.11 made its optimizers new, with other names and arguments (`Custom>Adam`, `weight_decay`), and a "
        "SavedModel holds the state of a Keras 2 optimizer that TensorFlow with Keras 3 has no class for.",
        "Load with `compile=False` and call compile() again; or save the model without its optimizer "
        "(`include_optimizer=False`).",
        (
            (
                "keras-team/keras#17633",
                "Adagrad: TypeError: Unexpected keyword argument passed to optimizer: weight_decay",
            ),
            ("tensorflow/tensorflow#52091", "AttributeError: '_UserObject' object has no attribute 'add_slot'"),
            ("kyleskom/NBA-Machine-Learning-Sports-Betting#117", "weight_decay is not a valid argument"),
        ),
    ),
}
_READING = {
    Kind.FORMAT_NOT_READ: KindText(
        "The runtime does not read this format.",
        "TensorFlow up to 2.12 reads no .keras zip, and `load_model()` of Keras 3 reads no SavedModel.",
        "Save the model in a format that both sides read, or load a SavedModel with `tf.saved_model.load()` or "
        "`keras.layers.TFSMLayer`.",
        (
            ("keras-team/keras#18709", "load saved model in keras with tensorflow backend!"),
            ("IDAES/idaes-pse#1369", "Resolve Keras File Format Issues"),
        ),
    ),
    Kind.GRAPH_VERSION: KindText(
        "The graph is of a version that the runtime's TensorFlow does not read.",
        "A graph says which versions may read it. TensorFlow Serving and the graph loader refuse one that asks for a "
        "newer TensorFlow, even where `tf.saved_model.load()` does not look.",
        f"{_LOAD_ELSEWHERE}.",
        (
            (
                "tensorflow/tensorflow#6120",
                "Error needed when loading a GraphDef created in a newer version of TensorFlow",
            ),
            ("tensorflow/tpu#1015", "Problem with GraphDef version when running demo"),
        ),
    ),
    Kind.NO_KERNEL: KindText(
        "The runtime's TensorFlow cannot execute an op of the graph.",
        "TensorFlow knows the op and has no code to run it on this machine: the op is for a GPU or a TPU "
        "(`CudnnRNN`), for another dtype, or was left out of the build.",
        "Run the model where the op has a kernel, or build the model with a layer that runs everywhere (`LSTM` in "
        "place of `CuDNNLSTM`) and load the weights.",
        (
            ("tensorflow/tensorflow#26600", "No OpKernel was registered to support Op 'CudnnRNN'"),
            ("keras-team/keras#10577", "Failing to load h5 model using tf-gpu as backend for keras?"),
        ),
    ),
    Kind.WEIGHTS_MOVED: KindText(
        "The weights are laid out in a way that the runtime's Keras does not find them.",
        "A .keras file has the weights by the paths of the layers, and those paths changed between versions. A "
        "sublayer that is made in `call()`, or in a `build()` that does not build it, has no weights yet when they "
        "arrive.",
        "Load with the Keras that saved the file. In a layer of your own, build the sublayers in `build()`: "
        "`self.dense.build(input_shape)`.",
        (
            (
                "keras-team/keras#23018",
                "ValueError when loading SAMImageSegmenter from preset sam_huge_sa1b in Keras Hub",
            ),
            ("huggingface/transformers#27198", "Saving and loading the model from local throws error"),
        ),
    ),
    Kind.WEIGHTS_DO_NOT_FIT: KindText(
        "The weights in the file are not those that its configuration asks for.",
        "The configuration describes layers of other shapes, or of another number, than the weights beside it: the "
        "model was not built when it was saved, was changed after it was built, or the file was put together by hand.",
        "Build the model before it is saved (`keras.Input`, or one call), or build it in code and load the weights "
        "that fit.",
        (
            ("keras-team/keras#20128", "Deserializing Error when loading models from '.keras' files in Keras 3"),
            ("tensorflow/tensorflow#33357", "Error when loading model with tf.keras.layers.Input() layer"),
        ),
    ),
    Kind.ARTIFACT_BROKEN: KindText(
        "The artifact cannot be read.",
        "The file was cut off, is another kind of file than its name says, holds only weights, or is a Git LFS "
        "pointer whose content was never fetched; or a file of the SavedModel's folder is missing.",
        "Compare its size with the original's and copy it again (`git lfs pull` for a pointer); rename a file whose "
        "content is of the other format; save the whole model, with `model.save()`.",
        (
            ("h5py/h5py#1179", "IOError: Unable to open file (truncated file)"),
            ("keras-team/keras#19164", "oserror:unable to open file (file signature not found )"),
            ("wassname/satellite_leak_detection#1", "data.h5 files in h5py format are unable to being read"),
        ),
    ),
    Kind.LOAD_FAILED: KindText(
        "The artifact did not load, and no known failure explains it.",
        "Keras or TensorFlow raised an exception that none of the known failures fits.",
        "Read the exception's last line; try the versions that saved the file. If the failure deserves an "
        "explanation, please report it with the smallest model that shows it.",
    ),
    Kind.NEVER_ENDS: KindText(
        "Loading the model never ends in the runtime.",
        "Keras 3 waits without end for a node of a Keras 2 .h5 in which a functional model applies a nested model or "
        "layer twice; bytecode of another Python can loop forever.",
        "Load the file with Keras 2 (tf_keras and TF_USE_LEGACY_KERAS=1), and save it there as SavedModel.",
    ),
    Kind.UNSAFE_CONTENT: KindText(
        "The artifact holds content that can harm whoever loads or calls it.",
        "A model file can hold Python bytecode, ops that read and write files, names of functions to import, and "
        "paths that lead out of its folder. Some of it acts when the model is loaded, some when it is called.",
        "Load only what you trust. If the content is expected, accept it by its code with a reason; [unsafe "
        "content](../unsafe-content.md) has the rules.",
    ),
}
_OTHER_MODEL = {
    Kind.PREDICTIONS_DRIFTED: KindText(
        "The model predicts something else than it did, or than it was saved with.",
        "Either the reloaded model differs from the saved one (its serialization is wrong), or the model differs from"
        " its golden: with other weights it was built or trained in another way, with the same weights the numerics "
        "changed.",
        "The text says which of the three it is, and names the first layer that differs. If the new predictions are "
        "right, record the golden again; if the difference is noise, set a tolerance and say why.",
        (
            ("keras-team/keras#4875", "model.save and load giving different result"),
            ("keras-team/keras#12865", "Loading saved weights ruins model accuracy"),
        ),
    ),
    Kind.STRUCTURE_CHANGED: KindText(
        "The model's outputs are others than the golden's: another number, name, shape or dtype.",
        "The model's code changed, or another version of Keras names or orders the outputs in another way. Values of "
        "outputs of two structures cannot be compared.",
        "If the new structure is right, record the golden again, and change what reads the outputs in production.",
    ),
    Kind.WEIGHTS_CHANGED: KindText(
        "The reloaded model has other weights than the saved one.",
        "The format or the loader lost or changed a weight, even if the predictions on these inputs are the same: a "
        "variable that no layer attribute leads to, a state that the format does not hold.",
        "Make the variable an attribute of a layer of the model, or save in a format that holds it.",
        (("keras-team/keras#12865", "Loading saved weights ruins model accuracy"),),
    ),
    Kind.TRAINING_CHANGED: KindText(
        "The reloaded model trains in another way than the saved one.",
        "The optimizer, its state, the loss, or what is trainable is not restored, so that the next training step is "
        "another one.",
        "Save in a format that holds the optimizer (.keras), and compile() the loaded model again where it does not. "
        "Where only predictions matter, do not check the training.",
    ),
    Kind.ARGUMENT_NOT_SAVED: KindText(
        "A class does not save an argument that it was made with.",
        "`get_config()` does not return the argument, so the class is rebuilt with its default, and nothing fails.",
        "Return the argument from `get_config()`. For a class of Keras, use a subclass that does.",
    ),
    Kind.SEMANTICS_CHANGED: KindText(
        "The runtime computes something else under the same name.",
        "A default or a formula changed between versions of Keras or TensorFlow: `hard_sigmoid` is 0.2x + 0.5 in "
        "Keras 2 and x/6 + 0.5 in Keras 3. The file loads, and its predictions are others.",
        "Predict with the version that trained the model, write the old formula as a function of your own, or train "
        "again.",
    ),
    Kind.STATE_LOST: KindText(
        "State of the model is not restored.",
        "The format or the version does not hold it: the state of a random number generator, the mean and variance of"
        " a `Normalization`, the optimizer's iterations.",
        "Save in a format that holds the state (.keras holds the most), or set it in code after loading.",
    ),
    Kind.VOCABULARY_LOST: KindText(
        "The file does not hold a lookup layer's vocabulary.",
        "`TextVectorization`, `StringLookup` and `IntegerLookup` keep an adapted vocabulary in a table, which .h5 "
        "does not store. The model loads, and fails at its first call, or knows no term.",
        "Save as .keras or SavedModel, or give the layer its vocabulary in code.",
        (
            ("tensorflow/tensorflow#61369", "StringLookup layer does not retrieve vocabulary after saving and loading"),
            ("tensorflow/text#980", "TextVectorization: Missing support for saving to .h5"),
        ),
    ),
    Kind.NOT_DETERMINISTIC: KindText(
        "The model does not predict the same twice.",
        "A layer draws random numbers when it predicts, or keeps state from call to call. Such predictions cannot be "
        "compared with a golden.",
        "Make the layer draw only in training, or declare the model as stochastic.",
        (("keras-team/keras#3188", "Predictions of trained model are different for same image"),),
    ),
    Kind.PREDICTION_FAILED: KindText(
        "The model loads, and fails when it is called.",
        "Loading rebuilds layers and weights; only a call shows that the inputs fit, that tables are filled, and that"
        " each op can run here.",
        "Compare the inputs with the model's signature: names, shapes, dtypes. If they fit, the text says what is "
        "missing.",
        (("tensorflow/tensorflow#37439", "'_UserObject' object is not callable, why tf.saved_model.load() failed?"),),
    ),
    Kind.LOADERS_DISAGREE: KindText(
        "Two ways to load the same SavedModel give different results.",
        "`tf.saved_model.load()` in Python accepts what TensorFlow Serving refuses, and a Keras loader may restore "
        "another function than the signature that Serving calls.",
        "Trust the stricter loader, the one that production uses: save the model so that it loads there too, mostly "
        "with `model.export()`.",
    ),
    Kind.MODEL_CHANGED_BY_SAVING: KindText(
        "Saving changed the live model.",
        "Keras' .h5 save removes the optimizer from the model's compile configuration, so that a later save of the "
        "same object is of another model.",
        "Build a new model for each save, as a marked test does, or save .keras before .h5.",
    ),
}
_GOLDEN = {
    Kind.GOLDEN_MISSING: KindText(
        "The case has no golden to compare with.",
        "The golden was never recorded, was not committed, or the test was renamed.",
        "Record it with `pytest --modelcompat-update-golden`, look at it, and commit it.",
    ),
    Kind.GOLDEN_BROKEN: KindText(
        "The golden on the disk cannot be read.",
        "A file of it is truncated, was edited, or is a Git LFS pointer whose content was not fetched.",
        "Check it out again (`git lfs pull` for a pointer), or record it again.",
    ),
    Kind.GOLDEN_NOT_WRITTEN: KindText(
        "The golden could not be written.",
        "Its folder cannot be written, the disk is full, or a later version of this program recorded what is there.",
        "Record it where the folder can be written, and commit it.",
    ),
    Kind.GOLDEN_DEGENERATE: KindText(
        "The golden's predictions say little: all are NaN, zero, or the same number.",
        "The inputs are such that every model would predict the same, or the model is not trained.",
        "Give inputs for which the model predicts various values.",
    ),
    Kind.INPUTS_CHANGED: KindText(
        "The inputs are others than those the golden was recorded with, though the outputs agree.",
        "The test gives other inputs, or another seed derives them. It is a note: nothing failed, and the golden "
        "compares less than it seems to.",
        "Give the inputs that the golden was recorded with, or record it again.",
    ),
    Kind.NEW_OP: KindText(
        "The saved model uses an op that its golden does not have.",
        "The model's code or a new version of TensorFlow brings the op in. The predictions may be the same, and the "
        "runtime in production may not have the op.",
        "Accept the op with a reason (`allow_ops`), or record the golden again.",
    ),
    Kind.NEW_LAYER: KindText(
        "The saved model uses a layer class that its golden does not have.",
        "The model's code changed. Where the model is loaded, the class has to be known.",
        "Accept the layer with a reason (`allow_layers`), or record the golden again.",
    ),
}
_DECLARED = {
    Kind.BAD_OPTION: KindText(
        "An option of the test is not one, or has a value that it cannot have.",
        "A name is misspelt, a type is wrong, or two options exclude each other.",
        "Correct the option; [options](../options.md) lists all of them.",
    ),
    Kind.IMPORT_FAILED: KindText(
        "A module or class that is declared cannot be imported where the model is loaded.",
        "The loading process is a fresh one: it has neither the test's folder nor packages of another environment, "
        "unless they are installed or on its path.",
        "Install the package where the model is loaded, or add its folder to `pythonpath` in pytest's configuration.",
    ),
    Kind.NOT_IMPORTABLE: KindText(
        "The test declares an object that a fresh process cannot import.",
        "The class or function is defined inside a function, in `__main__`, or under another name than it has.",
        "Move it to the top level of a module.",
    ),
    Kind.NO_MODEL: KindText(
        "The test gives no model.",
        "A marked test returns the model, or the model and its inputs; this one returned nothing, or something else.",
        "Return the model, or `(model, inputs)`.",
    ),
    Kind.INPUTS_NEEDED: KindText(
        "The inputs of the model cannot be derived, and none are given.",
        "A subclassed model that was not called does not say what it takes, and some inputs follow no rule that can "
        "be read from the model.",
        "Return `(model, inputs)`, or call the model once before it is returned.",
    ),
    Kind.FORMAT_CANNOT_HOLD: KindText(
        "The format cannot hold this model.",
        ".h5 stores a model by the configuration of its layers. It does not hold a subclassed model, operations of "
        "keras.ops, bfloat16 weights, and metrics or losses given as strings.",
        "Save the model as .keras or SavedModel.",
        (
            ("philschmid/keras-vision-transformer-huggingface#3", "Save the model in h5"),
            ("intel/ipex-llm#5312", "Saving the model to HDF5 format requires the model to be a Functional model"),
        ),
    ),
    Kind.SAVE_FAILED: KindText(
        "Saving the model raised an exception.",
        "A layer's `get_config()` returns what cannot be written as JSON, a layer has arguments and no "
        "`get_config()`, or the model was never built.",
        "Return plain numbers, strings, lists and dictionaries from `get_config()`, and build the model before it is "
        "saved.",
        (
            (
                "mvoelk/keras_layers#1",
                "Layer AddCoords2D has arguments in `__init__` and therefore must override `get_config`",
            ),
        ),
    ),
    Kind.HOOK_FAILED: KindText(
        "A hook of the project raised an exception.",
        "A hook in conftest.py or in a plugin, which gives inputs, comparisons or known failures, failed.",
        "Correct the hook; [hooks](../hooks.md) says what each is given and returns.",
    ),
    Kind.UNEXPECTED_PASS: KindText(
        "A target that is expected to fail passes.",
        "The cause of the failure is gone, or the entry names too much.",
        "Remove the entry of the expected failure.",
    ),
}
_PROCESS = {
    Kind.LOADER_CRASHED: KindText(
        "The process that loads the model died of a signal.",
        "Native code crashed: bytecode of another Python (SIGSEGV), an op library built for another TensorFlow or "
        "processor (SIGILL), a full /dev/shm (SIGBUS). SIGKILL comes from outside, mostly where memory runs out.",
        "The text names the innermost Python frame. Replace a Lambda by a layer of your own, or build the library for"
        " the TensorFlow and the processor here.",
    ),
    Kind.LOADER_EXITED: KindText(
        "The process that loads the model ended by itself.",
        "Code that it imported, or the model's own code, called `sys.exit()` or `os._exit()`.",
        'Remove the call, or put it under `if __name__ == "__main__":`.',
    ),
    Kind.LOADER_TIMED_OUT: KindText(
        "The process that loads the model was stopped after its time.",
        "The load or the call takes longer than the option `timeout`, waits for something, or never ends.",
        "Look at the innermost frame, which the text names; give more time where the model only needs it.",
    ),
    Kind.OUT_OF_MEMORY: KindText(
        "Memory ran out.",
        "The model, its inputs, or several tests at once need more memory than there is, or than `memory_limit` "
        "allows.",
        "Give the process more memory, the model smaller inputs, or run fewer tests at once.",
    ),
    Kind.DISK_FULL: KindText(
        "No space is left on the disk.",
        "The folder for temporary files, or the golden folder, is on a disk that is full.",
        "Make room, or set TMPDIR to a folder on another disk.",
    ),
    Kind.STOPPED_BY_ISOLATION: KindText(
        "The model did something that a load may not do.",
        "A load may write only into its own folder, and may not open connections. The model or a module that it "
        "imports tried to.",
        "Remove what writes or connects from the model, or allow it in the test; [isolation](../isolation.md) says "
        "how.",
    ),
    Kind.ISOLATION_MISSING: KindText(
        "This machine does not give the isolation that the test requires.",
        '`isolation = "required"` is set, and the kernel, the container or the system lacks a part of it.',
        "Run `modelcompat doctor`, which names the part; or set `isolation` to what the machine gives.",
    ),
    Kind.NO_TENSORFLOW: KindText(
        "TensorFlow cannot be imported.",
        "It is not installed in this environment, or it is, and one of its dependencies does not fit (protobuf, "
        "NumPy, the C library, the processor).",
        'Install or repair it, until `python -c "import tensorflow"` works.',
        (
            ("tensorflow/tensorflow#56266", "New released protobuf +v3.20 causes an error when importing"),
            ("tensorflow/tensorflow#59665", "Cannot import tensorflow after latest tensorboard release"),
        ),
    ),
    Kind.UNKNOWN_RUNTIME: KindText(
        "No runtime has this name.",
        "The name is misspelt, or is declared in a pyproject.toml that this run does not read.",
        "Use a name that `modelcompat runtimes list` shows, or declare it in `[tool.modelcompat.runtimes]`.",
    ),
    Kind.RUNTIME_MISSING: KindText(
        "The runtime has not been created.",
        "Runtimes are created once, and kept in a cache folder. This machine does not have this one.",
        "`modelcompat runtimes create NAME`",
    ),
    Kind.RUNTIME_BROKEN: KindText(
        "The runtime's interpreter does not start, or TensorFlow cannot be imported there.",
        "Its environment was changed, moved, or is of another machine.",
        "`modelcompat runtimes remove NAME && modelcompat runtimes create NAME`",
    ),
}
KIND_TEXTS = {**_LOADING, **_READING, **_OTHER_MODEL, **_GOLDEN, **_DECLARED, **_PROCESS}
