"""Models of KerasHub, made from small configurations of their own; nothing is downloaded."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras_hub

_OF = keras_hub.models
TEXT = {
    "vocabulary_size": 100,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 32,
    "max_sequence_length": 12,
}
DECODER = {
    "vocabulary_size": 100,
    "num_layers": 2,
    "num_query_heads": 4,
    "num_key_value_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 32,
}


def bert_text_classifier() -> Any:
    return _OF.BertTextClassifier(_OF.BertBackbone(**TEXT), num_classes=3, preprocessor=None)


def gpt2_causal_lm() -> Any:
    return _OF.GPT2CausalLM(_OF.GPT2Backbone(**TEXT), preprocessor=None)


def resnet() -> Any:
    return _OF.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(32, 32, 3),
    )


def image_classifier() -> Any:
    return _OF.ImageClassifier(resnet(), num_classes=3, preprocessor=None)


MODELS: dict[str, Any] = {
    "albert": partial(_OF.AlbertBackbone, **TEXT, embedding_dim=8),
    "bart": partial(_OF.BartBackbone, **TEXT),
    "bert": partial(_OF.BertBackbone, **TEXT),
    "bert_text_classifier": bert_text_classifier,
    "bloom": partial(_OF.BloomBackbone, 100, 2, 2, 16, 32),
    "deberta_v3": partial(_OF.DebertaV3Backbone, **TEXT, bucket_size=8),
    "distil_bert": partial(_OF.DistilBertBackbone, **TEXT),
    "electra": partial(
        _OF.ElectraBackbone,
        vocab_size=100,
        embedding_dim=8,
        **{name: value for name, value in TEXT.items() if name != "vocabulary_size"},
    ),
    "f_net": partial(_OF.FNetBackbone, **{name: value for name, value in TEXT.items() if name != "num_heads"}),
    "gemma": partial(_OF.GemmaBackbone, **DECODER, head_dim=4),
    "gpt2": partial(_OF.GPT2Backbone, **TEXT),
    "gpt2_causal_lm": gpt2_causal_lm,
    "image_classifier": image_classifier,
    "llama": partial(_OF.LlamaBackbone, **DECODER),
    "mistral": partial(_OF.MistralBackbone, **DECODER),
    "opt": partial(_OF.OPTBackbone, **TEXT),
    "phi3": partial(_OF.Phi3Backbone, **DECODER),
    "resnet_backbone": resnet,
    "roberta": partial(_OF.RobertaBackbone, **TEXT),
    "vit": partial(
        _OF.ViTBackbone,
        image_shape=(32, 32, 3),
        patch_size=8,
        num_layers=2,
        num_heads=2,
        hidden_dim=16,
        mlp_dim=32,
    ),
    "xlnet": partial(
        _OF.XLNetBackbone, **{name: value for name, value in TEXT.items() if name != "max_sequence_length"}
    ),
}
