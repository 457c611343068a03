"""Compiles golden models (test/Inputs/models) for other machines and runs them.

    check_golden.py MODELS FOLDER -- COMPILE... [-- RUN...]...

MODELS is one of them or their folder. COMPILE is txc compile and its options;
artefacts go to FOLDER. RUN is run_entry, with what emulates its machine before it.
Both entries run, the padded one with two threads and mapped weights, the packed one
with one thread and copied weights; both give the same bits, and what PyTorch
computed. With --precision=bf16 they give what Reference computes of the same module,
to which PyTorch's numbers, of fp32, are four times as far at least. Prints a line per
run with the instruction set that was chosen. Uses nothing but the standard library.
"""

import json
import math
import struct
import subprocess
import sys
from pathlib import Path

# Relative, absolute, and of the root of the mean square: docs/numerics.md.
TOLERANCES = {"PyTorch": (1e-4, 1e-5, 0), "Reference": (2e-2, 0, 1e-1)}
ARGUMENTS = ("input_ids", "attention_mask", "token_type_ids")


class Array:
    def __init__(self, shape, values):
        self.shape, self.values = shape, values

    def take_rows(self, rows):
        """Rows of an array (B,S,...), counted over B and S, as (T,...)."""
        width = len(self.values) // (self.shape[0] * self.shape[1])
        values = [v for row in rows for v in self.values[row * width : (row + 1) * width]]
        return Array([len(rows), *self.shape[2:]], values)

    def lists(self):
        """An array (B,S) for JSON."""
        columns = self.shape[1]
        return [
            self.values[start : start + columns] for start in range(0, len(self.values), columns)
        ]

    def __str__(self):
        return ",".join(map(str, self.shape)) + ":" + ",".join(map(str, self.values))


def load(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    arrays = {}
    for name, info in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            first, last = (8 + length + offset for offset in info["data_offsets"])
            code = {"I32": "i", "F32": "f"}[info["dtype"]]
            values = struct.unpack(f"<{(last - first) // 4}{code}", data[first:last])
            arrays[name] = Array(info["shape"], values)
    return arrays


def pack(inputs, outputs):
    """The batch without padding. Packed tokens know no gaps, so rows with gaps are left out."""
    mask = inputs["attention_mask"]
    columns = mask.shape[1]
    tokens, offsets = [], [0]
    for start in range(0, len(mask.values), columns):
        row = list(mask.values[start : start + columns])
        if row == sorted(row, reverse=True):
            tokens += range(start, start + sum(row))
            offsets.append(len(tokens))
    packed = {name: value.take_rows(tokens) for name, value in inputs.items()}
    del packed["attention_mask"]
    packed["offsets"] = Array([len(offsets)], offsets)
    # Outputs of sequences stay: batches of models that have them have no gaps.
    expected = {
        name: value.take_rows(tokens) if value.shape[1:2] == [columns] else value
        for name, value in outputs.items()
    }
    return packed, expected


def run(command, artefact, entry, options, inputs):
    arguments = [f"{name}={value}" for name, value in inputs.items()]
    result = subprocess.run(
        [*command, artefact, entry, *options, *arguments], capture_output=True, text=True
    )
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: {result.stderr}")
    outputs = {}
    for line in result.stdout.splitlines():
        name, *values = line.split()
        outputs[name] = [float(value) for value in values]
    return outputs, result.stderr.splitlines()[-1]


def evaluate(txc, module, inputs):
    """What the reference interpreter computes of `module`."""
    output = f"{module}.safetensors"
    subprocess.run(
        [txc, "run", module, "--reference", "--input=-", "--output", output],
        input=json.dumps({name: value.lists() for name, value in inputs.items()}),
        text=True,
        check=True,
    )
    return load(Path(output))


def compare(entry, actual, expected, tolerance):
    relative, absolute, typical = tolerance
    if set(actual) != set(expected):
        sys.exit(f"entry {entry} has outputs {sorted(actual)}, expected {sorted(expected)}")
    for name, array in expected.items():
        if len(actual[name]) != len(array.values):
            sys.exit(f"{entry}: {name} has {len(actual[name])} elements, not {len(array.values)}")
        mean_square = sum(e * e for e in array.values) / len(array.values)
        least = absolute + typical * mean_square**0.5
        for i, (a, e) in enumerate(zip(actual[name], array.values)):
            if not abs(a - e) <= least + relative * abs(e):
                sys.exit(f"{entry}: {name}[{i}] is {a}, expected {e}")


def largest_difference(actual, expected):
    return max(
        abs(a - e) for name in expected for a, e in zip(actual[name], expected[name].values)
    )


def check(command, artefact, inputs, outputs, tolerance):
    """What the padded entry gives, and the instruction set that was chosen."""
    packed, expected = pack(inputs, outputs)
    padded, isa = run(command, artefact, "padded", ("2", "map"), inputs)
    compare("padded", padded, outputs, tolerance)
    actual, isa = run(command, artefact, "packed", ("1", "copy"), packed)
    compare("packed", actual, expected, tolerance)
    rows = {name: Array(outputs[name].shape, values) for name, values in padded.items()}
    for name, same in pack(inputs, rows)[1].items():
        if actual[name] != same.values:
            sys.exit(f"{name} of the two entries differs")
    return padded, isa


def split(arguments):
    """The parts of `arguments` between "--"."""
    parts = [[]]
    for argument in arguments:
        if argument == "--":
            parts.append([])
        else:
            parts[-1].append(argument)
    return parts


def main():
    (models, folder), compiler, *commands = split(sys.argv[1:])
    source = "Reference" if "--precision=bf16" in compiler else "PyTorch"
    for golden in sorted(Path(models).glob("**/golden.safetensors")):
        name = golden.parent.name
        artefact, phases = f"{folder}/{name}.so", f"{folder}/{name}"
        files = ["-o", artefact, f"--dump-phases-to={phases}"]
        subprocess.run([*compiler, str(golden.parent), *files], check=True)
        outputs = load(golden)
        inputs = {name: outputs.pop(name) for name in ARGUMENTS if name in outputs}
        limit = math.inf
        if source == "Reference":
            exact = {name: array.values for name, array in outputs.items()}
            outputs = evaluate(compiler[0], f"{phases}/4-quantize.mlir", inputs)
            limit = largest_difference(exact, outputs) / 4
        for command in commands:
            actual, isa = check(command, artefact, inputs, outputs, TOLERANCES[source])
            if largest_difference(actual, outputs) > limit:
                sys.exit(f"{name} is as far from {source} as fp32 may be, {isa}")
            print(f"{name}: as {source}, {isa}", flush=True)


if __name__ == "__main__":
    main()
