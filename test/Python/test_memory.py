"""What a compiled model takes of memory."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
import numpy as np
import tx

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

path, weights, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
ids = np.ones(8 * 128, np.int32)
offsets = np.arange(9, dtype=np.int32) * 128
before = resident()
program = tx.Program(path, weights=weights, threads=threads)
program(ids, offsets=offsets)
print(resident() - before)
"""


@pytest.fixture(scope="module")
def artefact(minilm_dir, tmp_path_factory):
    import tx

    path = tmp_path_factory.mktemp("memory") / "minilm.so"
    tx.load(minilm_dir).compile(path)
    return path


def workspace_bytes(program, entry, tokens, sequences):
    """Bytes of a context: the arenas, and the largest variant's scratch memory of a thread."""
    variant = max(program.metadata["variants"], key=lambda v: v["scratch_bytes"])
    workspace = variant["workspaces"][entry]
    arena = workspace["token"] * tokens + workspace["sequence"] * 16 + workspace["fixed"]
    return arena, variant["scratch_bytes"]


@pytest.mark.parametrize("weights", ["map", "copy"])
@pytest.mark.parametrize("threads", [1, 2])
def test_resident_memory(artefact, weights, threads):
    """Weights, workspace, outputs and 20 MB at most."""
    import tx

    arena, scratch = workspace_bytes(tx.Program(artefact), "packed", 8 * 128, 8)
    assert scratch <= 1 << 20
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(artefact), weights, str(threads)],
        capture_output=True,
        text=True,
        check=True,
    )
    outputs = 8 * 384 * 4
    bound = artefact.stat().st_size + arena + threads * scratch + outputs + 20_000_000
    assert 0 < int(run.stdout) <= bound
