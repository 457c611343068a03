"""Randomly initialised Hugging Face checkpoints, and what PyTorch computes from them.

    make(folder, "bert", "masked-lm", hidden_size=312, num_attention_heads=12)
    expected = reference(folder, "masked-lm", batch([1, 2, 77], vocabulary=60))

Sizes have BERT's names for every family. Weights are drawn so that every tensor
matters: biases and norms too, which the framework would leave at zero and one.
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors import safe_open

FAMILIES = {
    "bert": "Bert",
    "distilbert": "DistilBert",
    "roberta": "Roberta",
    "xlm-roberta": "XLMRoberta",
}
CLASSES = {
    "encoder": "Model",
    "sentence-embedding": "Model",
    "sequence-classification": "ForSequenceClassification",
    "token-classification": "ForTokenClassification",
    "question-answering": "ForQuestionAnswering",
    "masked-lm": "ForMaskedLM",
}
HEADS = tuple(CLASSES)
SIZES = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 50,
    "vocab_size": 60,
    "max_position_embeddings": 40,
}
DISTILBERT_NAMES = {
    "hidden_size": "dim",
    "num_hidden_layers": "n_layers",
    "num_attention_heads": "n_heads",
    "intermediate_size": "hidden_dim",
    "hidden_act": "activation",
}
PAD_IDS = {"roberta": 1, "xlm-roberta": 1}


def make(
    folder,
    family,
    head="encoder",
    *,
    seed=0,
    dtype="float32",
    pooling="mean",
    normalize=True,
    dense=None,
    max_seq_length=None,
    **config,
):
    """Writes a checkpoint into `folder`. `dense` adds a dense module of that size,
    `pooling`, `normalize` and `max_seq_length` are of sentence embeddings."""
    folder = Path(folder)
    sizes = SIZES | config
    if family == "distilbert":
        sizes = {DISTILBERT_NAMES.get(key, key): value for key, value in sizes.items()}
    elif "roberta" in family:
        sizes = {"type_vocab_size": 1, "layer_norm_eps": 1e-5} | sizes
    name = FAMILIES[family]
    settings = getattr(transformers, f"{name}Config")(**sizes)
    model = getattr(transformers, name + CLASSES[head])(settings)
    randomize(model, seed)
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    if head == "sentence-embedding":
        write_modules(folder, settings, pooling, normalize, dense, seed)
    if max_seq_length:
        write_json(folder / "sentence_bert_config.json", {"max_seq_length": max_seq_length})
    return folder


def randomize(model, seed):
    """Draws every parameter, scaled so that activations keep their size."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=random)
            if "norm" in name.lower() and name.endswith("weight"):
                value.copy_(1 + 0.1 * noise)
            elif "embeddings" in name:
                value.copy_(0.1 * noise)
            elif value.dim() == 2:
                value.copy_(noise / value.shape[1] ** 0.5)
            else:
                value.copy_(0.1 * noise)


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_modules(folder, settings, pooling, normalize, dense, seed):
    """The files that sentence-transformers puts beside an encoder."""
    steps = [("Transformer", ""), ("Pooling", "1_Pooling")]
    write_json(
        folder / "1_Pooling" / "config.json",
        {
            "word_embedding_dimension": settings.hidden_size,
            "pooling_mode_cls_token": pooling == "cls",
            "pooling_mode_mean_tokens": pooling == "mean",
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
    )
    if dense:
        steps.append(("Dense", f"{len(steps)}_Dense"))
        write_dense(folder / steps[-1][1], settings.hidden_size, dense, seed)
    if normalize:
        steps.append(("Normalize", f"{len(steps)}_Normalize"))
    write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (kind, path) in enumerate(steps)
        ],
    )


def write_dense(folder, inputs, outputs, seed):
    from safetensors.torch import save_file

    layer = torch.nn.Linear(inputs, outputs)
    randomize(layer, seed + 1)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(
        {"linear.weight": layer.weight.detach(), "linear.bias": layer.bias.detach()},
        folder / "model.safetensors",
    )
    write_json(
        folder / "config.json",
        {
            "in_features": inputs,
            "out_features": outputs,
            "bias": True,
            "activation_function": "torch.nn.modules.activation.Tanh",
        },
    )


def batch(lengths, vocabulary, *, pad_id=0, types=2, seed=0, gaps=False):
    """Padded inputs of sequences of `lengths`; with `gaps`, also one sequence that is
    padded on the left and one whose mask has a hole."""
    rng = np.random.default_rng(seed)
    width = max(lengths)
    rows = len(lengths) + (2 if gaps else 0)
    ids = rng.integers(pad_id + 1, vocabulary, (rows, width))
    mask = np.zeros((rows, width), np.int64)
    for row, length in enumerate(lengths):
        mask[row, :length] = 1
    if gaps:
        mask[-2, width // 3 :] = 1
        mask[-1, :] = 1
        mask[-1, width // 2 : width // 2 + 2] = 0
    # The hole keeps its words: only the mask hides them.
    hidden = mask == 0
    if gaps:
        hidden[-1] = False
    ids[hidden] = pad_id
    inputs = {"input_ids": ids, "attention_mask": mask}
    if types:
        inputs["token_type_ids"] = rng.integers(0, types, ids.shape)
    return inputs


def batch_for(folder, lengths, **options):
    """A batch that fits the model in `folder`."""
    config = json.loads((Path(folder) / "config.json").read_text())
    pad_id = config.get("pad_token_id")
    return batch(
        lengths,
        config["vocab_size"],
        pad_id=PAD_IDS.get(config["model_type"], 0) if pad_id is None else pad_id,
        types=0 if config["model_type"] == "distilbert" else config.get("type_vocab_size", 2),
        **options,
    )


def load(folder, head):
    """The framework's model, in float32."""
    config = json.loads((Path(folder) / "config.json").read_text())
    name = FAMILIES[config["model_type"]] + CLASSES[head]
    model = getattr(transformers, name).from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval()


def has_tensor(folder, suffix):
    with safe_open(Path(folder) / "model.safetensors", "pt") as file:
        return any(key.endswith(suffix) for key in file.keys())


def reference(folder, head, inputs):
    """What the framework computes, under the names tx gives the outputs, padded.
    Entries of tokens that the mask hides are zero, as tx's are."""
    tensors = {key: torch.from_numpy(np.asarray(value, np.int64)) for key, value in inputs.items()}
    with torch.no_grad():
        result = load(folder, head)(**tensors)
        mask = tensors["attention_mask"]
        if head == "sentence-embedding":
            outputs = {"sentence_embedding": embed(folder, result.last_hidden_state, mask)}
        elif head == "encoder":
            outputs = {"last_hidden_state": result.last_hidden_state}
            if has_tensor(folder, "pooler.dense.weight"):
                outputs["pooler_output"] = result.pooler_output
        elif head == "question-answering":
            outputs = {"start_logits": result.start_logits, "end_logits": result.end_logits}
        else:
            outputs = {"logits": result.logits}
    return {name: hide(name, head, value, mask) for name, value in outputs.items()}


def hide(name, head, value, mask):
    value = value.float().numpy()
    per_sequence = name in ("pooler_output", "sentence_embedding")
    if per_sequence or head == "sequence-classification":
        return value
    visible = mask.numpy().astype(bool)
    return np.where(visible.reshape(visible.shape + (1,) * (value.ndim - 2)), value, np.float32(0))


def embed(folder, states, mask):
    """The steps of modules.json on the last hidden states."""
    from safetensors.torch import load_file

    folder = Path(folder)
    for module in json.loads((folder / "modules.json").read_text())[1:]:
        kind = module["type"].rsplit(".", 1)[-1]
        if kind == "Pooling":
            config = json.loads((folder / module["path"] / "config.json").read_text())
            weights = mask.unsqueeze(-1).float()
            mean = (states * weights).sum(1) / weights.sum(1)
            x = states[:, 0] if config["pooling_mode_cls_token"] else mean
        elif kind == "Dense":
            layer = load_file(folder / module["path"] / "model.safetensors")
            x = torch.tanh(x @ layer["linear.weight"].T + layer["linear.bias"])
        elif kind == "Normalize":
            x = torch.nn.functional.normalize(x, p=2, dim=-1)
    return x
