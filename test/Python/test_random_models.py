"""Randomly initialised models of every family and head against PyTorch."""

import numpy as np
import pytest

import tx
from conftest import HAS_TORCH, needs_torch

if HAS_TORCH:
    import checkpoints

pytestmark = needs_torch

FAMILIES = ("bert", "distilbert", "roberta", "xlm-roberta")
HEADS = (
    "encoder",
    "sentence-embedding",
    "sequence-classification",
    "token-classification",
    "question-answering",
    "masked-lm",
)
# On the first column in the framework, on the first real token here.
FIRST_TOKEN = ("encoder", "sentence-embedding", "sequence-classification")
BASE = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "vocab_size": 30522,
    "max_position_embeddings": 514,
}
ODD = {
    "hidden_size": 312,
    "num_hidden_layers": 4,
    "num_attention_heads": 12,
    "intermediate_size": 1200,
    "vocab_size": 1000,
    "max_position_embeddings": 514,
}
SMALL = {"hidden_size": 60, "num_attention_heads": 5, "vocab_size": 301, "intermediate_size": 77}
LONG = (1, 2, 77, 512)


def compare(folder, head, inputs):
    """Compiles the model in `folder` and holds its outputs against the framework's."""
    program = tx.load(folder, head=head).compile(folder / "model.so", threads=2)
    actual = program(**inputs)
    expected = checkpoints.reference(folder, head, inputs)
    assert set(actual) == set(expected)
    for name, value in expected.items():
        assert actual[name].shape == value.shape
        if name == "sentence_embedding":
            assert np.abs(actual[name] - value).max() <= 2e-5
        else:
            np.testing.assert_allclose(actual[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


def check(tmp_path, family, head, lengths=(7, 1, 12), *, seed=0, **config):
    checkpoints.make(tmp_path, family, head, seed=seed, **config)
    gaps = head not in FIRST_TOKEN
    compare(tmp_path, head, checkpoints.batch_for(tmp_path, lengths, seed=seed, gaps=gaps))


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_small_models(tmp_path, family, head):
    check(tmp_path, family, head, num_labels=2 if head == "question-answering" else 7, **SMALL)


@pytest.mark.parametrize("head", HEADS)
def test_odd_sizes(tmp_path, head):
    check(tmp_path, "bert", head, LONG, seed=1, **ODD)


@pytest.mark.parametrize("activation", ("gelu_new", "gelu_fast", "relu", "silu", "tanh"))
def test_one_layer_of_each_activation(tmp_path, activation):
    config = SMALL | {"num_hidden_layers": 1, "hidden_act": activation}
    check(tmp_path, "bert", "masked-lm", seed=2, **config)


@pytest.mark.parametrize("dtype", ("float16", "bfloat16"))
def test_narrow_checkpoints(tmp_path, dtype):
    check(tmp_path, "roberta", "masked-lm", seed=3, dtype=dtype, **SMALL)


@pytest.mark.parametrize(
    "options",
    ({"pooling": "cls"}, {"normalize": False}, {"dense": 33}),
    ids=("cls", "unscaled", "dense"),
)
def test_sentence_modules(tmp_path, options):
    check(tmp_path, "distilbert", "sentence-embedding", seed=4, **SMALL, **options)


@pytest.mark.parametrize("family", ("bert", "distilbert", "roberta"))
def test_base_sizes(tmp_path, family):
    check(tmp_path, family, "encoder", LONG, seed=5, **BASE)
    (tmp_path / "model.so").unlink()
    (tmp_path / "model.safetensors").unlink()
