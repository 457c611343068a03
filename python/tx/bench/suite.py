"""What is measured: models by their dimensions, and batches of tokens."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Shape:
    """Dimensions of an encoder. Weights are random: speed does not depend on them."""

    name: str
    family: str  # "bert" or "distilbert"
    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int = 30522
    positions: int = 512

    def flops(self, lengths: list[int]) -> float:
        """FLOPs of the tokens that are there: linears per token, attention per pair."""
        per_token = 2 * (4 * self.hidden * self.hidden + 2 * self.hidden * self.ffn)
        pairs = sum(length * length for length in lengths)
        return float(self.layers) * (per_token * sum(lengths) + 4 * self.hidden * pairs)

    def save(self, cache: Path) -> Path:
        """The model as a Hugging Face folder in `cache`, made if it is not there."""
        folder = cache / f"{self.name}-{self.hidden}x{self.layers}"
        if (folder / "config.json").is_file():
            return folder
        import torch
        import transformers

        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call,unused-ignore]
        torch.manual_seed(0)
        model: transformers.PreTrainedModel
        if self.family == "distilbert":
            model = transformers.DistilBertModel(
                transformers.DistilBertConfig(
                    vocab_size=self.vocabulary,
                    max_position_embeddings=self.positions,
                    dim=self.hidden,
                    n_layers=self.layers,
                    n_heads=self.heads,
                    hidden_dim=self.ffn,
                )
            )
        else:
            model = transformers.BertModel(
                transformers.BertConfig(
                    vocab_size=self.vocabulary,
                    max_position_embeddings=self.positions,
                    hidden_size=self.hidden,
                    num_hidden_layers=self.layers,
                    num_attention_heads=self.heads,
                    intermediate_size=self.ffn,
                ),
                add_pooling_layer=False,
            )
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=cache))
        try:
            model.save_pretrained(partial)
            partial.rename(folder)
        except OSError:
            if not (folder / "config.json").is_file():
                raise  # else another process was first
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return folder


@dataclass(frozen=True)
class Batch:
    """Token ids of each sequence."""

    name: str
    ids: tuple[tuple[int, ...], ...]

    @property
    def lengths(self) -> list[int]:
        return [len(sequence) for sequence in self.ids]

    @property
    def is_dense(self) -> bool:
        return len(set(self.lengths)) == 1

    def padded(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """ids (B, S), zero where padded, and the attention mask (B, S)."""
        longest = max(self.lengths)
        ids = np.zeros((len(self.ids), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, sequence in enumerate(self.ids):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        return ids, mask


def dense_batch(sequences: int, length: int, vocabulary: int) -> Batch:
    random = np.random.default_rng(length)
    ids = random.integers(min(1000, vocabulary // 2), vocabulary, (sequences, length))
    return Batch(f"{sequences}x{length}", tuple(tuple(int(i) for i in row) for row in ids))


def ragged_batch() -> Batch:
    """Thirty-two sentences and paragraphs of English, tokenized for BERT (uncased)."""
    text = (resources.files("tx.bench") / "ragged.json").read_text()
    return Batch("ragged", tuple(tuple(ids) for ids in json.loads(text)["input_ids"]))


@dataclass(frozen=True)
class Cell:
    """One row of the report."""

    shape: Shape
    batch: Batch
    threads: int


MINILM = Shape("minilm-l6", "bert", 384, 6, 12, 1536)
DISTILBERT = Shape("distilbert", "distilbert", 768, 6, 12, 3072)
BERT_BASE = Shape("bert-base", "bert", 768, 12, 12, 3072)
BERT_LARGE = Shape("bert-large", "bert", 1024, 24, 16, 4096)
TINY = Shape("tiny", "bert", 32, 2, 2, 64, vocabulary=100, positions=64)

_SUITES: dict[str, tuple[list[Shape], list[tuple[int, int]]]] = {
    "encoders": (
        [MINILM, DISTILBERT, BERT_BASE, BERT_LARGE],
        [(1, 16), (1, 64), (1, 128), (1, 512), (8, 128)],
    ),
    "tiny": ([TINY], [(1, 4), (2, 8)]),
}
SUITES = tuple(_SUITES)


def cells(suite: str, threads: list[int]) -> list[Cell]:
    """The cells of `suite`. BERT-large is measured on dense batches only."""
    shapes, sizes = _SUITES[suite]
    result = []
    for shape in shapes:
        batches = [dense_batch(*size, shape.vocabulary) for size in sizes]
        if suite == "encoders" and shape is not BERT_LARGE:
            batches.append(ragged_batch())
        result += [Cell(shape, batch, n) for n in threads for batch in batches]
    return result
