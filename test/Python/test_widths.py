"""Models whose layers differ in width, as pruning leaves them: kernels take sizes at run time."""

import json
import re
import shutil
import subprocess

import numpy as np
from conftest import TXC
from safetensors.numpy import load_file, save_file

import tx


def txc(*arguments):
    run = subprocess.run([TXC, *map(str, arguments), "-q"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def kernels(path):
    (variant,) = tx.Program(path).metadata["variants"]
    return [kernel["name"] for kernel in variant["kernels"]]


def test_layers_of_all_widths_share_kernels(sections_dir, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(sections_dir, folder)
    config = json.loads((folder / "config.json").read_text())
    layers, width = config["num_hidden_layers"], config["intermediate_size"]
    assert layers > 1
    txc("import", folder, "-o", tmp_path / "same.mlir")
    txc("compile", tmp_path / "same.mlir", "-o", tmp_path / "same.so")

    weights = load_file(folder / "model.safetensors")
    text = (tmp_path / "same.mlir").read_text()
    for layer in range(layers):
        other = width - 7 * layer - 1
        # Its feed-forward network: params, and the op that names them.
        part = re.compile(rf"\.layer\.{layer}\.(intermediate|output)\.dense")
        for name in filter(part.search, list(weights)):
            for axis, size in enumerate(weights[name].shape):
                if size == width:
                    weights[name] = np.take(weights[name], range(other), axis)
        text = "\n".join(
            re.sub(rf"(?<![0-9]){width}(?=x)", str(other), line) if part.search(line) else line
            for line in text.split("\n")
        )
    save_file(weights, folder / "model.safetensors")
    (tmp_path / "other.mlir").write_text(text)
    txc("compile", tmp_path / "other.mlir", "-o", tmp_path / "other.so", "--verify")
    assert kernels(tmp_path / "other.so") == kernels(tmp_path / "same.so")
