"""Compiles the golden models (test/Inputs/models) for other machines and runs them.

    check_golden.py MODELS FOLDER -- COMPILE... [-- RUN...]...

COMPILE is txc compile and its options; artefacts go to FOLDER. RUN is run_entry,
with what emulates its machine before it. Both entries run, the padded one with two
threads and mapped weights, the packed one with one thread and copied weights; both
give the same bits, and what PyTorch computed. Prints a line per run with the
instruction set that was chosen. Uses nothing but the standard library.
"""

import json
import struct
import subprocess
import sys
from pathlib import Path

RELATIVE, ABSOLUTE = 1e-4, 1e-5  # docs/numerics.md
ARGUMENTS = ("input_ids", "attention_mask", "token_type_ids")


class Array:
    def __init__(self, shape, values):
        self.shape, self.values = shape, values

    def take_rows(self, rows):
        """Rows of an array (B,S,...), counted over B and S, as (T,...)."""
        width = len(self.values) // (self.shape[0] * self.shape[1])
        values = [v for row in rows for v in self.values[row * width : (row + 1) * width]]
        return Array([len(rows), *self.shape[2:]], values)

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


def compare(entry, actual, expected):
    if set(actual) != set(expected):
        sys.exit(f"entry {entry} has outputs {sorted(actual)}, expected {sorted(expected)}")
    for name, array in expected.items():
        if len(actual[name]) != len(array.values):
            sys.exit(f"{entry}: {name} has {len(actual[name])} elements, not {len(array.values)}")
        for i, (a, e) in enumerate(zip(actual[name], array.values)):
            if not abs(a - e) <= ABSOLUTE + RELATIVE * abs(e):
                sys.exit(f"{entry}: {name}[{i}] is {a}, expected {e}")


def check(golden, artefact, command):
    outputs = load(golden)
    inputs = {name: outputs.pop(name) for name in ARGUMENTS if name in outputs}
    packed, expected = pack(inputs, outputs)
    padded, isa = run(command, artefact, "padded", ("2", "map"), inputs)
    compare("padded", padded, outputs)
    actual, isa = run(command, artefact, "packed", ("1", "copy"), packed)
    compare("packed", actual, expected)
    padded = {name: Array(outputs[name].shape, values) for name, values in padded.items()}
    for name, same in pack(inputs, padded)[1].items():
        if actual[name] != same.values:
            sys.exit(f"{name} of the two entries differs")
    print(f"{golden.parent.name}: as PyTorch, {isa}", flush=True)


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
    for golden in sorted(Path(models).glob("*/golden.safetensors")):
        artefact = f"{folder}/{golden.parent.name}.so"
        subprocess.run([*compiler, str(golden.parent), "-o", artefact], check=True)
        for command in commands:
            check(golden, artefact, command)


if __name__ == "__main__":
    main()
