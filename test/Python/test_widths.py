"""Models whose layers differ in width, as pruning leaves them: kernels take sizes at run time."""

import re
import subprocess

import numpy as np
from conftest import TXC, needs_torch
from safetensors.numpy import load_file, save_file

import tx

LAYERS = 6


def txc(*arguments):
    return subprocess.run([TXC, *map(str, arguments), "-q"], check=True, capture_output=True)


def kernels(path):
    (variant,) = tx.Program(path).metadata["variants"]
    return [kernel["name"] for kernel in variant["kernels"]]


@needs_torch
def test_layers_of_all_widths_share_kernels(tmp_path):
    import checkpoints

    sizes = {"num_hidden_layers": LAYERS, "intermediate_size": 50}
    checkpoints.make(tmp_path / "bert", "bert", **sizes)
    txc("import", tmp_path / "bert", "-o", tmp_path / "same.mlir")
    txc("compile", tmp_path / "same.mlir", "-o", tmp_path / "same.so", "--param-root", tmp_path)

    weights = load_file(tmp_path / "bert" / "model.safetensors")
    text = (tmp_path / "same.mlir").read_text()
    for layer in range(LAYERS):
        width = 50 - 7 * layer
        for name in [name for name in weights if f".layer.{layer}." in name]:
            for axis, size in enumerate(weights[name].shape):
                if size == 50:
                    weights[name] = np.take(weights[name], range(width), axis)
        # Of this layer's lines, which only its params and its ffn name.
        text = "\n".join(
            re.sub(r"(?<![0-9])50(?=x)", str(width), line)
            if f".layer.{layer}." in line
            else line
            for line in text.split("\n")
        )
    save_file(weights, tmp_path / "bert" / "model.safetensors")
    (tmp_path / "other.mlir").write_text(text)
    output = tmp_path / "other.so"
    txc("compile", tmp_path / "other.mlir", "-o", output, "--param-root", tmp_path, "--verify")
    assert kernels(output) == kernels(tmp_path / "same.so")
