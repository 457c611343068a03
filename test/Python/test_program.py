"""The forms of input a program takes, its outputs and its errors."""

import json
import os
import shutil
import threading
import time

import numpy as np
import pytest

import tx

TEXTS = [
    "python3 requests: elegant HTTP library for Python",
    "perl json: JSON module for Perl",
    "network card: tools for network interfaces",
]

PACKING = """
module attributes {tx.model = {max_length = 16 : i64}} {
  func.func @padded(%ids: tensor<?x?xi32> {tx.name = "input_ids"}, %mask: tensor<?x?xi32> {tx.name = "attention_mask"})
      -> (tensor<?x?x2xf32> {tx.name = "rows"}, tensor<?xi32> {tx.name = "offsets"})
      attributes {tx.entry = "padded"} {
    %table = tx.param dense<[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]> : tensor<3x2xf32>
    %packed, %offsets, %positions = tx.pack_tokens column %mask, %ids
      : (tensor<?x?xi32>, tensor<?x?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>)
    %x = tx.embedding %table, %packed : (tensor<3x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
    %rows = tx.unpack_tokens %x, %offsets, %mask : (tensor<?x2xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x2xf32>
    return %rows, %offsets : tensor<?x?x2xf32>, tensor<?xi32>
  }
}
"""


def ragged_batch(program, lengths, seed=0):
    limit = program._entry("packed")[1]["inputs"][0]["limit"]
    rng = np.random.default_rng(seed)
    return [rng.integers(1, limit, n).astype(np.int32) for n in lengths]


def padded_batch(sequences, dtype=np.int64):
    width = max(map(len, sequences))
    ids = np.zeros((len(sequences), width), dtype)
    mask = np.zeros((len(sequences), width), dtype)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return ids, mask


def thread_ids():
    return set(os.listdir("/proc/self/task"))


def test_ragged_equals_padded_equals_packed(sections):
    sequences = ragged_batch(sections, [3, 17, 1, 64])
    ragged = sections(sequences)["logits"]
    ids, mask = padded_batch(sequences)
    for mask_dtype in (np.int64, np.int32, bool):
        padded = sections(input_ids=ids, attention_mask=mask.astype(mask_dtype))["logits"]
        np.testing.assert_array_equal(padded, ragged)
    packed = sections(np.concatenate(sequences), offsets=np.cumsum([0, 3, 17, 1, 64]))
    np.testing.assert_array_equal(packed["logits"], ragged)


def test_a_sequence_does_not_depend_on_its_neighbours(sections):
    sequences = ragged_batch(sections, [5, 60, 2, 31])
    together = sections(sequences)["logits"]
    for row, sequence in enumerate(sequences):
        np.testing.assert_array_equal(sections([sequence])["logits"][0], together[row])


def test_mask_and_types_are_optional(sections):
    ids = np.stack(ragged_batch(sections, [9, 9]))
    plain = sections(ids)["logits"]
    np.testing.assert_array_equal(sections(ids, np.ones_like(ids))["logits"], plain)
    np.testing.assert_array_equal(
        sections(ids, token_type_ids=np.zeros_like(ids))["logits"], plain
    )
    assert not np.array_equal(sections(ids, token_type_ids=np.ones_like(ids))["logits"], plain)


def test_outputs_can_be_the_callers(sections):
    sequences = ragged_batch(sections, [4, 8])
    out = np.zeros((2, len(sections.labels)), np.float32)
    result = sections(sequences, out={"logits": out})
    assert result["logits"] is out
    np.testing.assert_array_equal(out, sections(sequences)["logits"])


def test_outputs_have_memory_of_their_own(sections):
    both = np.zeros((2, len(sections.labels)), np.float32)
    offsets = both.view(np.int32).reshape(-1)[:3]
    offsets[:] = [0, 1, 3]
    ids = np.ones(3, np.int32)
    with pytest.raises(tx.InputError, match="output logits shares memory with offsets"):
        sections(ids, offsets=offsets, out={"logits": both})
    shifted = np.frombuffer(bytearray(4 * both.size + 1), np.float32, offset=1).reshape(both.shape)
    if shifted.flags.aligned:
        shifted = np.frombuffer(bytearray(4 * both.size + 2), np.float32, offset=2).reshape(both.shape)
    with pytest.raises(tx.InputError, match="logits is at an address that is no multiple of 4"):
        sections([[1], [1, 1]], out={"logits": shifted})


def test_input_of_any_alignment(sections):
    ids = np.frombuffer(b"x" + np.array([1, 2, 3], np.int32).tobytes(), np.int32, offset=1)
    expected = sections([[1, 2, 3]])["logits"]
    np.testing.assert_array_equal(sections(ids, offsets=[0, 3])["logits"], expected)


def test_packed_input_is_not_copied(sections):
    from tx.program import _to_int32

    ids = np.arange(1, 5, dtype=np.int32)
    assert _to_int32("input_ids", ids) is ids


def test_encode_tokenizes_and_labels_are_kept(sections):
    logits = sections.encode(TEXTS)["logits"]
    assert logits.shape == (len(TEXTS), len(sections.labels))
    assert [sections.labels[i] for i in logits.argmax(1)] == ["python", "perl", "net"]


def test_encode_cuts_long_texts(sections):
    assert sections.encode(["word " * 500])["logits"].shape[0] == 1


@pytest.mark.parametrize("direction", ["Right", "Left"])
def test_encode_cuts_the_end_that_the_tokenizer_says(sections, tmp_path, direction):
    source = json.loads((sections._tokenizer_path).read_text())
    limits = {"max_length": 8, "strategy": "LongestFirst", "stride": 0, "direction": direction}
    source["truncation"] = limits
    (tmp_path / "tokenizer.json").write_text(json.dumps(source))
    program = tx.Program(sections.path, tokenizer=tmp_path)
    tokenizer = program._load_tokenizer()
    assert tokenizer.truncation["direction"].lower() == direction.lower()


def test_encode_lowers_case_where_the_model_says_so(sections, monkeypatch):
    program = tx.Program(sections.path, tokenizer=sections._tokenizer_path)
    metadata = program.metadata
    metadata["model"]["tokenizer_lowercase"] = True
    monkeypatch.setattr(tx.Program, "metadata", metadata)
    tokenizer = program._load_tokenizer()
    assert tokenizer.encode("PYTHON Library").ids == tokenizer.encode("python library").ids
    assert tokenizer.normalizer is not None


def test_a_file_that_is_no_tokenizer(sections, tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    program = tx.Program(sections.path, tokenizer=tmp_path)
    with pytest.raises(tx.ModelFormatError, match="tokenizer.json is no tokenizer"):
        program.encode("text")


def test_two_threads_share_one_program(sections):
    sequences = ragged_batch(sections, [33, 12, 7])
    expected = sections(sequences)["logits"]
    failures = []

    def work():
        for _ in range(50):
            if not np.array_equal(sections(sequences)["logits"], expected):
                failures.append("differs")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_thread_count_does_not_change_bits(sections):
    sequences = ragged_batch(sections, [33, 64, 7, 50])
    two = tx.Program(sections.path, threads=2)
    np.testing.assert_array_equal(two(sequences)["logits"], sections(sequences)["logits"])


def test_forked_child_can_run(sections):
    two = tx.Program(sections.path, threads=2)
    sequences = ragged_batch(sections, [33, 64])
    expected = two(sequences)["logits"]
    child = os.fork()
    if child == 0:
        same = np.array_equal(two(sequences)["logits"], expected)
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="this process has one CPU")
def test_spread_workers_have_a_cpu_each(sections):
    before = thread_ids()
    spread = tx.Program(sections.path, threads=2, affinity="spread")
    sequences = ragged_batch(sections, [33, 64])
    np.testing.assert_array_equal(spread(sequences)["logits"], sections(sequences)["logits"])
    (worker,) = thread_ids() - before
    assert len(os.sched_getaffinity(int(worker))) == 1
    assert len(os.sched_getaffinity(0)) >= 2  # the caller's is as it was


def test_more_spread_threads_than_cpus(sections):
    threads = len(os.sched_getaffinity(0)) + 1
    program = tx.Program(sections.path, threads=threads, affinity="spread")
    with pytest.raises(tx.Error, match=f"{threads} threads cannot have a CPU each"):
        program([[1, 2]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"affinity": "core"}, "'none' or 'spread', not 'core'"),
        ({"weights": "none"}, "'map' or 'copy', not 'none'"),
        ({"threads": -1}, "threads must not be negative"),
        ({"threads": 2000}, "threads is 2000, expected at most 1024"),
        ({"threads": 2**70}, "expected at most 1024"),
    ],
)
def test_arguments_that_cannot_be(sections, arguments, message):
    with pytest.raises(tx.InputError, match=message) as error:
        tx.Program(sections.path, **arguments)
    assert error.value.code == 2


def test_idle_workers_sleep(sections):
    program = tx.Program(sections.path, threads=2)
    program([[1, 2, 3]] * 8)
    time.sleep(0.05)  # until workers have stopped looking for the next call
    before = time.process_time()
    time.sleep(1)
    assert time.process_time() - before < 0.01


def test_copied_weights_give_the_same(sections):
    sequences = ragged_batch(sections, [10, 20])
    copied = tx.Program(sections.path, weights="copy")
    np.testing.assert_array_equal(copied(sequences)["logits"], sections(sequences)["logits"])


def test_long_and_many_sequences_share_a_context(sections):
    before = thread_ids()
    program = tx.Program(sections.path, threads=2)
    few, many = ragged_batch(sections, [64] * 8), ragged_batch(sections, [1] * 64)
    program(few)
    program(many)
    workers = thread_ids() - before  # a context has one
    for sequences in [few, many] * 3:
        np.testing.assert_array_equal(program(sequences)["logits"], sections(sequences)["logits"])
    assert thread_ids() - before <= workers


@pytest.mark.parametrize("weights", ["map", "copy"])
def test_larger_contexts_do_not_read_the_weights_again(tmp_path, sections, weights):
    path = shutil.copy(sections.path, tmp_path / "model.so")
    program = tx.Program(path, weights=weights)
    program([[1, 2]])
    os.unlink(path)
    sequences = ragged_batch(sections, [64] * 8)
    np.testing.assert_array_equal(program(sequences)["logits"], sections(sequences)["logits"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_ids": np.ones((1, 10_000_000), int)}, "at most 64 tokens; truncate it"),
        (
            {"input_ids": np.ones((2, 5000), int), "attention_mask": np.ones((2, 5000), int)},
            "a sequence reaches beyond column 63",
        ),
        (
            {"input_ids": np.ones(10_000_000, np.int32), "offsets": [0, 10_000_000]},
            "sequence 0 has 10000000 tokens, the model takes at most 64; truncate it",
        ),
        ({"input_ids": np.ones(3, int), "offsets": [0] * 5000 + [3]}, "sequence 0 is empty"),
    ],
)
def test_input_that_is_refused_needs_no_context(sections, arguments, message):
    before = thread_ids()
    program = tx.Program(sections.path, threads=2)
    program([[1] * 64] * 8)
    workers = thread_ids() - before
    with pytest.raises(tx.InputError, match=message):
        program(**arguments)
    program([[1] * 64] * 8)
    assert thread_ids() - before <= workers


def test_columns_that_the_mask_hides_have_no_limit(sections):
    ids = np.ones((2, 5000), int)
    mask = np.zeros_like(ids)
    mask[0, :64] = mask[1, 3:9] = 1
    expected = sections(ids[:, :64], mask[:, :64])["logits"]
    np.testing.assert_array_equal(sections(ids, mask)["logits"], expected)


@pytest.fixture(scope="module")
def packing(tmp_path_factory) -> tx.Program:
    """A program with a padded entry only, and outputs of int32."""
    folder = tmp_path_factory.mktemp("packing")
    (folder / "packing.mlir").write_text(PACKING)
    return tx.load(folder / "packing.mlir").compile(folder / "packing.so")


def test_a_program_with_a_padded_entry_only(packing):
    assert "out: rows, offsets" in repr(packing)
    assert packing.max_length == 16
    with pytest.raises(tx.InputError, match="no entry 'packed'"):
        packing([[1, 2], [1]])
    with pytest.raises(tx.InputError, match="at most 16 tokens"):
        packing(np.ones((1, 17), int))


def test_outputs_of_int32(packing):
    inputs = {"input_ids": [[0, 1, 2], [2, 0, 0]], "attention_mask": [[1, 1, 1], [1, 0, 0]]}
    outputs = packing(**inputs)
    assert [value.dtype for value in outputs.values()] == [np.float32, np.int32]
    np.testing.assert_array_equal(outputs["offsets"], [0, 3, 4])
    offsets = np.zeros(3, np.int32)
    assert packing(**inputs, out={"offsets": offsets})["offsets"] is offsets
    np.testing.assert_array_equal(offsets, [0, 3, 4])
    with pytest.raises(tx.InputError, match=r"is float32 \(3,\), expected int32 \(3,\)"):
        packing(**inputs, out={"offsets": np.zeros(3, np.float32)})


def test_repr_and_metadata(sections):
    assert "logits" in repr(sections)
    assert sections.metadata["model"]["family"] == "bert"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_ids": [[1, 2, 10**6]]}, "expected 0 to"),
        ({"input_ids": [[1, 2, -1]]}, "expected 0 to"),
        ({"input_ids": [[1, 2, 10**12]]}, "do not fit int32"),
        ({"input_ids": [[1] * 65]}, "at most 64"),
        ({"input_ids": np.zeros((0, 4), int)}, "batch is empty"),
        ({"input_ids": []}, "input_ids"),
        ({"input_ids": [[1, 2], []]}, "sequence 1 is empty"),
        ({"input_ids": np.ones((2, 3), int), "attention_mask": np.ones((2, 4))}, "attention_mask"),
        (
            {"input_ids": np.ones((2, 3), int), "attention_mask": [[1, 1, 1], [0, 0, 0]]},
            "sequence 1 is empty",
        ),
        ({"input_ids": np.ones((2, 3), int), "token_type_ids": np.full((2, 3), 2)}, "expected 0 to 1"),
        ({"input_ids": [[1.5, 2]]}, "expected integers"),
        ({"input_ids": np.ones(3, int)}, "dimensions"),
        ({"input_ids": np.ones(3, int), "offsets": [0, 2]}, "offsets end at 2"),
        ({"input_ids": np.ones(3, int), "offsets": [0, 2, 1, 3]}, "do not ascend"),
        ({"input_ids": np.ones(3, int), "offsets": [1, 3]}, "offsets begin"),
        ({"input_ids": [[1, 2], [3]], "token_type_ids": [[0, 0]]}, "token_type_ids"),
        ({"input_ids": [[1]], "out": {"logits": np.zeros((1, 3), np.float32)}}, "logits"),
        ({"input_ids": [[1]], "out": {"nothing": np.zeros(1, np.float32)}}, "nothing"),
        ({"input_ids": [[1]], "out": np.zeros((1, 3), np.float32)}, "expected arrays by name"),
        ({"input_ids": [[1]], "out": {"logits": [[0.0]]}}, "expected an array"),
        ({"input_ids": [[[1, 2]], [3]]}, "a sequence of input_ids has 2 dimensions"),
        (
            {"input_ids": [[1, 2], [3]], "token_type_ids": [[[0], [0]], [0]]},
            "a sequence of token_type_ids has 2 dimensions",
        ),
        ({"input_ids": [[1, 2], [3]], "token_type_ids": 0}, "token_type_ids is a int, expected a list"),
        (
            {"input_ids": np.broadcast_to(np.int32(1), (1, 10**12))},
            "input_ids has 1000000000000 elements",
        ),
    ],
)
def test_wrong_inputs_are_explained(sections, arguments, message):
    with pytest.raises(tx.InputError, match=message) as error:
        sections(**arguments)
    assert error.value.code == 10


def test_files_that_are_no_artefacts(tmp_path, sections):
    with pytest.raises(tx.FileError, match="cannot read .*: No such file or directory"):
        tx.Program(tmp_path / "missing.so")
    with pytest.raises(tx.FileError, match="it is a folder"):
        tx.Program(tmp_path)
    text = tmp_path / "text.so"
    text.write_text("hello")
    with pytest.raises(tx.ModelFormatError, match="it is no ELF file"):
        tx.Program(text)
    head = tmp_path / "head.so"
    for size in (4, 63, 64, 100, 1000, 20000, 60000):
        head.write_bytes(sections.path.read_bytes()[:size])
        with pytest.raises(tx.ModelFormatError, match="it was cut short or damaged"):
            tx.Program(head)
    with pytest.raises(tx.ModelFormatError, match="not a compiled model"):
        tx.Program(sections.path, prefix="other")


def test_truncated_artefact(tmp_path, sections):
    cut = tmp_path / "cut.so"
    cut.write_bytes(sections.path.read_bytes()[:-100])
    with pytest.raises(tx.ModelFormatError, match="compile the model again"):
        tx.Program(cut)([[1, 2]])


def test_artefact_for_another_architecture(tmp_path, sections):
    image = bytearray(sections.path.read_bytes())
    image[18:20] = (183).to_bytes(2, "little")  # e_machine: AArch64
    (tmp_path / "arm.so").write_bytes(image)
    with pytest.raises(tx.TargetMismatchError, match="is for aarch64, this machine is x86_64"):
        tx.Program(tmp_path / "arm.so")


def test_cpu_without_the_instructions(monkeypatch, sections):
    monkeypatch.setenv("TX_ISA", "x86-64")
    with pytest.raises(tx.TargetMismatchError, match="compiled for"):
        tx.Program(sections.path)([[1, 2]])
