"""Models of keras.applications, with random weights and small images."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras

SMALL = {"weights": None, "input_shape": (32, 32, 3), "include_top": False, "pooling": "avg"}
LARGER = {**SMALL, "input_shape": (96, 96, 3)}

_OF = keras.applications
MODELS: dict[str, Any] = {
    "convnext_tiny": partial(_OF.ConvNeXtTiny, **SMALL),
    "densenet121": partial(_OF.DenseNet121, **SMALL),
    "efficientnet_b0": partial(_OF.EfficientNetB0, **SMALL),
    "efficientnet_v2_b0": partial(_OF.EfficientNetV2B0, **SMALL),
    "inception_v3": partial(_OF.InceptionV3, **LARGER),
    "mobilenet": partial(_OF.MobileNet, alpha=0.25, **SMALL),
    "mobilenet_v2": partial(_OF.MobileNetV2, alpha=0.35, **SMALL),
    "mobilenet_v3_large": partial(_OF.MobileNetV3Large, **SMALL),
    "mobilenet_v3_small": partial(_OF.MobileNetV3Small, **SMALL),
    "nasnet_mobile": partial(_OF.NASNetMobile, **SMALL),
    "resnet50": partial(_OF.ResNet50, **SMALL),
    "resnet50_v2": partial(_OF.ResNet50V2, **SMALL),
    "vgg16": partial(_OF.VGG16, **SMALL),
    "xception": partial(_OF.Xception, **LARGER),
}
