"""Names of the classes that Keras 2 and Keras 3 bring themselves: an .h5 file does not say which are Keras' own."""

from __future__ import annotations

_CLASSES = """
AUC AWQDTypePolicy AbstractRNNCell Accuracy Activation ActivityRegularization Adadelta Adafactor
Adagrad Adam AdamW Adamax AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout
Attention AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D
AvgPool2D AvgPool3D BatchNormalization Bidirectional BinaryAccuracy BinaryCrossentropy
BinaryFocalCrossentropy BinaryIoU CTC CategoricalAccuracy CategoricalCrossentropy
CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CategoricalHinge CategoryEncoding
CenterCrop Circle ClassMethod Concatenate ConcordanceCorrelation Constant Constraint
ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose Convolution2D
Convolution2DTranspose Convolution3D Convolution3DTranspose CosineSimilarity Cropping1D Cropping2D
Cropping3D CuDNNGRU CuDNNLSTM CutMix DTypePolicy DTypePolicyMap Dense DenseFeatures DepthwiseConv1D
DepthwiseConv2D Dice Discretization Dot Dropout ELU EinsumDense Embedding Equalization F1Score
FBetaScore FalseNegatives FalsePositives Flatten FlaxLayer FloatDTypePolicy Ftrl GPTQDTypePolicy GRU
GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D
GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlorotNormal GlorotUniform
GroupNormalization GroupQueryAttention GroupedQueryAttention HashedCrossing Hashing HeNormal HeUniform
Hinge Huber Identity IdentityInitializer Initializer InputLayer InputSpec InstanceMethod
InstanceProperty Int4DTypePolicy IntegerLookup IoU JaxLayer KLDivergence L1 L1L2 L2 LSTM LSTMCell Lamb
Lambda Layer LayerNormalization LeakyReLU LecunNormal LecunUniform Lion LocallyConnected1D
LocallyConnected2D LogCosh LogCoshError Loss LossScaleOptimizer Masking MaxNorm MaxNumBoundingBoxes
MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum Mean MeanAbsoluteError
MeanAbsolutePercentageError MeanIoU MeanMetricWrapper MeanRelativeError MeanSquaredError
MeanSquaredLogarithmicError MeanTensor MelSpectrogram Merge Metric MinMaxNorm Minimum MixUp Model
MultiHeadAttention MultiOptimizer Multiply Muon Nadam NonNeg Normalization OneHotIoU OneHotMeanIoU
Ones Optimizer OptimizerMap Orthogonal OrthogonalInitializer OrthogonalRegularizer PReLU
PearsonCorrelation Permute Pipeline Poisson Policy Precision PrecisionAtRecall QuantizedDTypePolicy
QuantizedFloat8DTypePolicy R2Score RMSNormalization RMSprop RNN RadialConstraint RandAugment
RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop
RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight
RandomHue RandomInvert RandomNormal RandomPerspective RandomPosterization RandomRotation
RandomSaturation RandomSharpness RandomShear RandomTranslation RandomUniform RandomWidth RandomZoom
ReLU Recall RecallAtPrecision Reduction ReductionV2 Regularizer RepeatVector Rescaling Reshape
Resizing ReversibleEmbedding RootMeanSquaredError SGD STFT STFTInitializer STFTSpectrogram
ScheduleFreeAdamW SensitivityAtSpecificity SeparableConv1D SeparableConv2D SeparableConvolution1D
SeparableConvolution2D Sequential SimpleRNN SimpleRNNCell SlicingOpLambda Softmax Solarization
SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpatialDropout1D
SpatialDropout2D SpatialDropout3D SpecificityAtSensitivity SpectralNormalization SquaredHinge
StackedRNNCells StringLookup Subtract Sum TFOpLambda TFSMLayer TensorFlowOpLayer TextVectorization
ThresholdedReLU TimeDistributed TopKCategoricalAccuracy TorchModuleWrapper TrueNegatives TruePositives
TruncatedNormal Tversky UnitNorm UnitNormalization UpSampling1D UpSampling2D UpSampling3D
VarianceScaling Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D Zeros
"""
KERAS_CLASSES = frozenset(_CLASSES.split())
_FUNCTIONS = """
KLD MAE MAPE MSE MSLE acc accuracy binary_accuracy binary_crossentropy binary_focal_crossentropy
categorical_accuracy categorical_crossentropy categorical_focal_crossentropy
categorical_generalized_cross_entropy categorical_hinge ce celu circle concordance_correlation cosine
cosine_similarity crossentropy ctc dice elu exponential gelu glu hard_shrink hard_sigmoid hard_silu
hard_swish hard_tanh hinge huber kl_divergence kld kullback_leibler_divergence leaky_relu linear
log_cosh log_sigmoid log_softmax logcosh mae mape mean_absolute_error mean_absolute_percentage_error
mean_squared_error mean_squared_logarithmic_error mish mse msle pearson_correlation poisson relu relu6
selu sigmoid silu soft_shrink softmax softplus softsign sparse_categorical_accuracy
sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparse_top_k_categorical_accuracy sparsemax
squared_hinge squareplus swish tanh tanh_shrink threshold top_k_categorical_accuracy tversky
"""
KERAS_FUNCTIONS = frozenset(_FUNCTIONS.split())
# The functions that compile() takes by a short name, and the class that is both their loss and their metric.
SHORT_NAMES = {
    name: target
    for target, names in {
        "MeanSquaredError": "mse MSE mean_squared_error",
        "MeanAbsoluteError": "mae MAE mean_absolute_error",
        "MeanAbsolutePercentageError": "mape MAPE mean_absolute_percentage_error",
        "MeanSquaredLogarithmicError": "msle MSLE mean_squared_logarithmic_error",
        "KLDivergence": "kld KLD kl_divergence kullback_leibler_divergence",
        "CosineSimilarity": "cosine_similarity",
        "Hinge": "hinge",
        "SquaredHinge": "squared_hinge",
        "CategoricalHinge": "categorical_hinge",
        "Poisson": "poisson",
    }.items()
    for name in names.split()
}
