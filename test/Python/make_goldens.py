"""Writes test/Inputs/models: tiny checkpoints and what PyTorch computes from them.

    .venv/bin/python test/Python/make_goldens.py [FOLDER]

Each folder is a model folder; its golden.safetensors holds a padded batch
(input_ids, attention_mask, token_type_ids) and the outputs under tx's names, zero
where the mask hides a token. The files are committed, so that most tests need no
framework. Needs torch and transformers.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
from checkpoints import batch_for, make, reference
from safetensors.numpy import save_file

MODELS = Path(__file__).resolve().parents[1] / "Inputs" / "models"

# Sizes are odd on purpose: 8, 9, 11 and 13 channels a head are no whole vectors.
GOLDENS = {
    "bert-encoder": ("bert", "encoder", {}),
    "bert-masked-lm": (
        "bert",
        "masked-lm",
        {"num_hidden_layers": 1, "dtype": "float16", "hidden_act": "gelu_new"},
    ),
    "bert-question-answering": (
        "bert",
        "question-answering",
        {"hidden_size": 27, "num_hidden_layers": 1, "dtype": "float16"},
    ),
    "distilbert-sequence-classification": (
        "distilbert",
        "sequence-classification",
        {"dtype": "bfloat16", "num_labels": 3},
    ),
    "roberta-token-classification": (
        "roberta",
        "token-classification",
        {
            "hidden_size": 33,
            "num_hidden_layers": 1,
            "num_labels": 5,
            "dtype": "bfloat16",
            "id2label": {0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC", 4: "I-LOC"},
        },
    ),
    "roberta-sequence-classification": (
        "roberta",
        "sequence-classification",
        {"num_hidden_layers": 1, "num_labels": 2, "hidden_act": "relu", "dtype": "float16"},
    ),
    "sentence-embedding": (
        "bert",
        "sentence-embedding",
        {"hidden_size": 26, "num_attention_heads": 2, "num_hidden_layers": 1, "dense": 19,
         "dtype": "float16", "hidden_act": "silu", "max_seq_length": 24},
    ),
}  # fmt: skip
PER_TOKEN = ("masked-lm", "question-answering", "token-classification")


def write_golden(folder, family, head, options, seed):
    shutil.rmtree(folder, ignore_errors=True)
    options = dict(options)
    labels = options.get("id2label")
    if labels:
        options.pop("num_labels")
        options["label2id"] = {label: number for number, label in labels.items()}
    make(folder, family, head, seed=seed, **options)
    # Heads on the first token expect it in the first column, so only others get gaps.
    inputs = batch_for(folder, [7, 1, 12], seed=seed, gaps=head in PER_TOKEN)
    outputs = reference(folder, head, inputs)
    arrays = {name: value.astype(np.int32) for name, value in inputs.items()}
    arrays |= {name: np.ascontiguousarray(value) for name, value in outputs.items()}
    save_file(arrays, folder / "golden.safetensors")


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else MODELS
    for seed, (name, (family, head, options)) in enumerate(GOLDENS.items()):
        write_golden(root / name, family, head, options, seed)
        print(name)


if __name__ == "__main__":
    main()
