"""Trains the small encoder that ships in examples/models/sections-tiny.

The task is real and its data is on every Debian machine: name the section
("games", "net", "python", ...) a package belongs to from its description, as
`apt-cache dumpavail` prints them. The model is a BERT sequence classifier with
a vocabulary of its own; it trains in a few minutes on two CPU cores and is
written the way transformers writes models: config.json, model.safetensors,
tokenizer.json.

    .venv/bin/python examples/train_tiny_encoder.py examples/models/sections-tiny

Needs torch, transformers and tokenizers.
"""

import argparse
import collections
import random
import re
import subprocess
from pathlib import Path

import torch
from tokenizers import (
    BertWordPieceTokenizer,
)
from transformers import BertConfig, BertForSequenceClassification

MAX_TOKENS = 64
PER_SECTION = 600
SECTIONS = 12
VOCABULARY = 3000


def read_packages():
    """(section, description) of one binary package per source package."""
    text = subprocess.run(
        ["apt-cache", "dumpavail"], capture_output=True, text=True, check=True
    ).stdout
    seen = set()
    for paragraph in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z0-9-]+): (.*)$", paragraph, re.M))
        section = fields.get("Section", "").split("/")[-1]
        source = fields.get("Source", fields.get("Package", "")).split(" ")[0]
        summary = fields.get("Description", fields.get("Description-en", ""))
        if not section or not summary or source in seen:
            continue
        seen.add(source)
        yield section, f'{fields["Package"].replace("-", " ")}: {summary}'


def choose(samples, seed):
    """The largest sections, evenly; split into training and held-out parts."""
    groups = collections.defaultdict(list)
    for section, text in samples:
        groups[section].append(text)
    labels = sorted(sorted(groups, key=lambda s: (-len(groups[s]), s))[:SECTIONS])
    rng = random.Random(seed)
    train, held_out = [], []
    for label, section in enumerate(labels):
        texts = sorted(groups[section])
        rng.shuffle(texts)
        texts = texts[:PER_SECTION]
        cut = len(texts) // 10
        held_out += [(text, label) for text in texts[:cut]]
        train += [(text, label) for text in texts[cut:]]
    rng.shuffle(train)
    return labels, train, held_out


def encode(tokenizer, batch):
    encoded = tokenizer.encode_batch([text for text, _ in batch])
    length = max(len(e.ids) for e in encoded)
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    mask = torch.zeros(len(batch), length, dtype=torch.long)
    for row, e in enumerate(encoded):
        ids[row, : len(e.ids)] = torch.tensor(e.ids)
        mask[row, : len(e.ids)] = 1
    return ids, mask, torch.tensor([label for _, label in batch])


@torch.inference_mode()
def accuracy(model, tokenizer, samples):
    model.eval()
    right = 0
    for begin in range(0, len(samples), 64):
        ids, mask, labels = encode(tokenizer, samples[begin : begin + 64])
        logits = model(input_ids=ids, attention_mask=mask).logits
        right += (logits.argmax(-1) == labels).sum().item()
    return right / len(samples)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="folder to write the model to")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    labels, train, held_out = choose(read_packages(), args.seed)
    print(f"{len(train)} training and {len(held_out)} held-out texts: {labels}")

    tokenizer = BertWordPieceTokenizer(lowercase=True)
    tokenizer.train_from_iterator(
        [text for text, _ in train], vocab_size=VOCABULARY, show_progress=False
    )
    tokenizer.enable_truncation(MAX_TOKENS)

    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=72,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=200,
        max_position_embeddings=MAX_TOKENS,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-3, weight_decay=0.01)
    steps = args.epochs * ((len(train) + 31) // 32)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.5e-3, total_steps=steps)
    for epoch in range(args.epochs):
        model.train()
        random.Random(args.seed + epoch).shuffle(train)
        for begin in range(0, len(train), 32):
            ids, mask, target = encode(tokenizer, train[begin : begin + 32])
            loss = model(input_ids=ids, attention_mask=mask, labels=target).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        held = accuracy(model, tokenizer, held_out)
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}, held-out accuracy {held:.3f}")

    args.output.mkdir(parents=True, exist_ok=True)
    model.eval()
    model.save_pretrained(args.output)
    tokenizer.save(str(args.output / "tokenizer.json"))


if __name__ == "__main__":
    main()
