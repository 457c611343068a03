"""What a compiled model takes of memory."""

import subprocess
import sys

import pytest

import tx

SEQUENCES, LENGTH = 8, 128
SCRIPT = """
import os
import sys
import numpy as np
import tx

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

path, weights = sys.argv[1:3]
threads, sequences, length = map(int, sys.argv[3:])
ids = np.ones(sequences * length, np.int32)
offsets = np.arange(sequences + 1, dtype=np.int32) * length
before = resident()
program = tx.Program(path, weights=weights, threads=threads)
program(ids, offsets=offsets)
print(resident() - before)
"""

LIMITED = """
import os
import resource
import sys
import numpy as np
import tx

def taken():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")

def run(sequences, length):
    program(np.ones(sequences * length, np.int32), offsets=np.arange(sequences + 1) * length)

program = tx.Program(sys.argv[1])
run(1, 1)
before = taken()
run(32, 128)
context = taken() - before
assert context > 20_000_000, context
resource.setrlimit(resource.RLIMIT_AS, (taken() + 3 * context // 2, resource.RLIM_INFINITY))
run(32, 256)  # not beside the other
"""


@pytest.fixture(scope="module")
def artefact(minilm_dir, tmp_path_factory):
    path = tmp_path_factory.mktemp("memory") / "minilm.so"
    tx.load(minilm_dir).compile(path)
    return path


def workspace_bytes(program, entry, tokens, sequences):
    """Bytes of a context: the arenas, and the largest variant's scratch memory of a thread."""
    variant = max(program.metadata["variants"], key=lambda v: v["scratch_bytes"])
    workspace = variant["workspaces"][entry]
    counts = {"token": -(-tokens // 16) * 16, "sequence": -(-(sequences + 1) // 16) * 16}
    arena = sum(workspace[kind] * count for kind, count in counts.items()) + workspace["fixed"]
    return arena, variant["scratch_bytes"]


@pytest.mark.parametrize("weights", ["map", "copy"])
@pytest.mark.parametrize("threads", [1, 2])
def test_resident_memory(artefact, weights, threads):
    """Weights, workspace, outputs and 20 MB at most."""
    program = tx.Program(artefact)
    arena, scratch = workspace_bytes(program, "packed", SEQUENCES * LENGTH, SEQUENCES)
    assert scratch <= 1 << 20
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT]
        + [str(artefact), weights, str(threads), str(SEQUENCES), str(LENGTH)],
        capture_output=True,
        text=True,
        check=True,
    )
    outputs = SEQUENCES * 384 * 4
    bound = artefact.stat().st_size + arena + threads * scratch + outputs + 20_000_000
    assert 0 < int(run.stdout) <= bound


def test_a_context_takes_the_memory_of_those_it_replaces(artefact):
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(artefact)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
