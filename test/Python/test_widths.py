"""Models whose layers differ in width, as pruning leaves them: kernels take sizes at run
time, so that such a model is as much code, and as long to compile, as a uniform one."""

import json
import re
import shutil
import subprocess

import numpy as np
from conftest import TXC
from safetensors.numpy import load_file, save_file

LAYERS = 12


def txc(*arguments):
    run = subprocess.run([TXC, *map(str, arguments), "-q"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def deepen(folder):
    """Gives a model LAYERS layers, copies of its first one."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"num_hidden_layers": LAYERS}))
    weights = load_file(folder / "model.safetensors")
    for name in [name for name in weights if ".layer.0." in name]:
        for layer in range(LAYERS):
            weights[name.replace(".layer.0.", f".layer.{layer}.")] = weights[name]
    save_file(weights, folder / "model.safetensors")
    return config["intermediate_size"], weights


def emit(module):
    """The functions of a module's code, and how many instructions they are."""
    txc("compile", module, "--emit=asm", "-o", module.with_suffix(".s"))
    text = module.with_suffix(".s").read_text()
    functions = re.findall(r'^"?(tx_[^:"]+)"?:', text, re.MULTILINE)
    return sorted(functions), len(re.findall(r"^\t[a-z]", text, re.MULTILINE))


def test_layers_of_all_widths_share_kernels(sections_dir, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(sections_dir, folder)
    width, weights = deepen(folder)
    txc("import", folder, "-o", tmp_path / "same.mlir")
    functions, instructions = emit(tmp_path / "same.mlir")
    assert sum(name.startswith("tx_fn_linear") for name in functions) >= 4

    text = (tmp_path / "same.mlir").read_text()
    for layer in range(LAYERS):
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
    others, more = emit(tmp_path / "other.mlir")
    assert others == functions
    assert more <= 1.02 * instructions
