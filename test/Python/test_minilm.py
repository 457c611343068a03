"""all-MiniLM-L6-v2 against PyTorch, on 200 sentences of 3 to 256 tokens."""

import random
import subprocess

import numpy as np
import pytest

from conftest import needs_torch

pytestmark = needs_torch


def sentences():
    """Real sentences of many lengths: package descriptions of Debian."""
    text = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True).stdout
    lines = [
        line.split(": ", 1)[1]
        for line in text.splitlines()
        if line.startswith(("Description: ", "Description-en: "))
    ]
    if len(lines) < 5000:  # a machine without package lists
        lines = [f"the package number {i} of a list without an end" for i in range(5000)]
    rng = random.Random(7)
    result = ["music", " ".join(rng.sample(lines, 100))]  # the shortest, one to be cut
    while len(result) < 200:
        words = 1 + int(rng.random() ** 2 * 60)
        result.append(". ".join(rng.sample(lines, 1 + words // 6))[: words * 30])
    return result


def test_sentence_embeddings(minilm, minilm_dir):
    import torch
    from transformers import BertModel

    tokenizer = minilm._load_tokenizer()
    ids = [np.asarray(e.ids, np.int32) for e in tokenizer.encode_batch(sentences())]
    lengths = [len(i) for i in ids]
    assert len(ids) == 200 and min(lengths) == 3 and max(lengths) == 256

    model = BertModel.from_pretrained(minilm_dir, attn_implementation="eager").eval()
    expected = []
    with torch.inference_mode():
        for sequence in ids:
            hidden = model(input_ids=torch.tensor(sequence[None].astype(np.int64)))
            pooled = hidden.last_hidden_state.mean(1)
            expected.append(torch.nn.functional.normalize(pooled, dim=1)[0].numpy())
    expected = np.stack(expected)

    actual = np.concatenate(
        [minilm(ids[begin : begin + 50])["sentence_embedding"] for begin in range(0, 200, 50)]
    )
    cosine = (actual * expected).sum(1) / (
        np.linalg.norm(actual, axis=1) * np.linalg.norm(expected, axis=1)
    )
    assert cosine.min() >= 0.999999
    assert np.abs(actual - expected).max() <= 2e-5


def test_encode_respects_max_seq_length(minilm):
    tokenizer = minilm._load_tokenizer()
    assert tokenizer.truncation["max_length"] == 256
    with pytest.raises(Exception, match="at most 512"):
        minilm([[1] * 513])
