"""Compiled golden models (test/Inputs/models) against what PyTorch computed once."""

import json

import numpy as np
import pytest
from conftest import INPUTS
from safetensors.numpy import load_file

import tx

MODELS = sorted(path.parent.name for path in INPUTS.glob("*/golden.safetensors"))
ARGUMENTS = ("input_ids", "attention_mask", "token_type_ids")


@pytest.mark.parametrize("cpu", ("x86-64-v3", "native"))
@pytest.mark.parametrize("name", MODELS)
def test_outputs(tmp_path, name, cpu):
    golden = load_file(INPUTS / name / "golden.safetensors")
    inputs = {key: golden.pop(key) for key in ARGUMENTS if key in golden}
    program = tx.load(INPUTS / name).compile(tmp_path / "model.so", cpu=cpu, verify=True)
    outputs = program(**inputs)
    assert set(outputs) == set(golden)
    for key, expected in golden.items():
        np.testing.assert_allclose(outputs[key], expected, rtol=1e-4, atol=1e-5, err_msg=key)


def test_texts_for_a_model_without_token_types(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {word: number for number, word in enumerate(["[UNK]", "some", "short", "text"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    model = tx.load(INPUTS / "distilbert-sequence-classification")
    model.compile(tmp_path / "model.so")
    program = tx.Program(tmp_path / "model.so", tokenizer=tmp_path / "tokenizer.json")
    logits = program.encode(["some short text", "text"])["logits"]
    np.testing.assert_array_equal(logits, program([[1, 2, 3], [3]])["logits"])


def test_labels_are_kept(tmp_path):
    folder = INPUTS / "roberta-token-classification"
    program = tx.load(folder).compile(tmp_path / "model.so")
    names = json.loads((folder / "config.json").read_text())["id2label"]
    assert program.labels == [names[str(number)] for number in range(5)]
