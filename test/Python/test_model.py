"""Loading and compiling from Python."""

import json
import multiprocessing
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import TXC

import tx


def test_inspect_describes_the_model(sections_dir):
    description = tx.load(sections_dir).inspect()
    assert description["model"]["family"] == "bert"
    assert description["parameters"]["count"] > 100_000


def test_text_is_mlir(sections_dir):
    assert "tx.attention" in str(tx.load(sections_dir))


def test_one_model_compiles_twice_to_the_same_bytes(sections_dir, tmp_path):
    model = tx.load(sections_dir)
    first = model.compile(tmp_path / "a.so", cpu="x86-64-v3")
    second = model.compile(tmp_path / "b.so", cpu="x86-64-v3")
    assert first.path.read_bytes() == second.path.read_bytes()


def test_verify_compares_with_reference(sections_dir, tmp_path):
    tx.load(sections_dir).compile(tmp_path / "a.so", verify=True)


def test_variants_in_one_program(sections_dir, tmp_path, monkeypatch):
    model = tx.load(sections_dir)
    both = model.compile(
        tmp_path / "both.so", cpu_variants=["x86-64-v3", "x86-64-v4"], verify=True
    )
    variants = both.metadata["variants"]
    assert [v["target"]["isa"] for v in variants] == ["x86-64-v4", "x86-64-v3"]
    for same in (["all"], "all", "x86-64-v3,x86-64-v4"):
        every = model.compile(tmp_path / f"{len(same)}.so", cpu_variants=same)
        assert every.path.read_bytes() == both.path.read_bytes()
    ids = [[2, 100, 200, 3], [2, 300, 3]]
    best = both(ids)["logits"]

    monkeypatch.setenv("TX_ISA", "x86-64-v3")  # read when the file is loaded
    (tmp_path / "capped.so").write_bytes(both.path.read_bytes())
    capped = tx.Program(tmp_path / "capped.so")
    assert "x86-64-v3" in repr(capped)
    one = model.compile(tmp_path / "one.so", cpu="x86-64-v3", verify=True)
    np.testing.assert_array_equal(capped(ids)["logits"], one(ids)["logits"])
    np.testing.assert_allclose(best, one(ids)["logits"], rtol=1e-4, atol=1e-5)


def test_bf16_halves_the_weights_of_linear_layers(sections_dir, tmp_path):
    model = tx.load(sections_dir)
    wide = model.compile(tmp_path / "f32.so")
    narrow = model.compile(tmp_path / "bf16.so", precision="bf16", verify=True)
    assert narrow.metadata["weights_bytes"] < wide.metadata["weights_bytes"]
    ids = [[2, 100, 200, 3], [2, 300, 3]]
    expected, logits = wide(ids)["logits"], narrow(ids)["logits"]
    assert not np.array_equal(logits, expected)
    assert np.linalg.norm(logits - expected) < 0.02 * np.linalg.norm(expected)
    alone = narrow(ids[:1])["logits"]
    np.testing.assert_array_equal(alone, logits[: len(alone)])


def test_variants_share_the_weights(sections_dir, tmp_path):
    model = tx.load(sections_dir)
    one = model.compile(tmp_path / "one.so", cpu="x86-64-v3")
    both = model.compile(tmp_path / "both.so", cpu_variants=["all"])
    size = one.metadata["weights_bytes"]
    assert both.metadata["weights_bytes"] == size
    weights = one.path.read_bytes()[-size - 64 :]  # and the footer
    assert both.path.read_bytes()[-size - 64 :] == weights
    assert both.path.read_bytes().count(weights[:4096]) == 1
    assert both.path.stat().st_size < one.path.stat().st_size + size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precision": "f16"}, "precision is 'f16', expected f32 or bf16"),
        ({"cpu_variants": ["x86-64-v3", "haswell"]}, "two variants are for x86-64-v3"),
        ({"cpu_variants": ["x86-64-v3", "pentium9"]}, "unknown CPU 'pentium9'"),
        ({"cpu_variants": ["all"], "cpu": "x86-64-v3"}, "takes the place of cpu"),
        ({"cpu_variants": ["all"], "cpu": "native"}, "takes the place of cpu"),
        ({"threads": 0}, "threads is 0, expected 1 to 1024"),
        ({"threads": 2000}, "threads is 2000, expected 1 to 1024"),
    ],
)
def test_arguments_that_cannot_be(sections_dir, tmp_path, arguments, message):
    with pytest.raises(tx.InputError, match=message) as error:
        tx.load(sections_dir).compile(tmp_path / "a.so", **arguments)
    assert error.value.code == 2  # wrong usage


def test_a_program_is_what_was_compiled_last(sections_dir, tmp_path):
    model = tx.load(sections_dir)
    path, ids = tmp_path / "m.so", [[2, 100, 3]]
    first = model.compile(path)
    before = first(ids)["logits"]
    second = model.compile(path, precision="bf16")
    after = second(ids)["logits"]
    assert first.metadata != second.metadata and np.any(before != after)
    np.testing.assert_allclose(before, after, atol=0.5)
    np.testing.assert_array_equal(first(ids)["logits"], before)


def test_a_forked_child_compiles(sections_dir, tmp_path):
    model = tx.load(sections_dir)
    model.compile(tmp_path / "parent.so")
    path = tmp_path / "child.so"
    child = multiprocessing.get_context("fork").Process(target=model.compile, args=(path,))
    child.start()
    child.join(timeout=120)
    assert child.exitcode == 0
    assert path.read_bytes() == (tmp_path / "parent.so").read_bytes()


def test_threads_compile_one_model(sections_dir, tmp_path):
    model = tx.load(sections_dir)
    precisions = ["f32", "bf16"] * 2
    text = str(model)
    with ThreadPoolExecutor(len(precisions) + 2) as pool:
        printed = [pool.submit(str, model) for _ in range(20)]
        programs = list(
            pool.map(
                lambda job: model.compile(tmp_path / f"{job[0]}.so", precision=job[1]),
                enumerate(precisions),
            )
        )
    assert all(one.result() == text for one in printed)
    outputs = [program([[2, 100, 3]])["logits"] for program in programs]
    np.testing.assert_array_equal(outputs[0], outputs[2])
    np.testing.assert_array_equal(outputs[1], outputs[3])


@pytest.mark.parametrize(
    ("given", "other"), [("x86-64-v3", "x86-64-v4"), ("x86-64-v4", "x86-64-v3")]
)
def test_a_target_is_kept_unless_a_cpu_is_named(sections_dir, tmp_path, given, other):
    module = tmp_path / "normalized.mlir"
    arguments = [TXC, "compile", sections_dir, "-q", "--to=normalize", f"-mcpu={given}"]
    subprocess.run([*arguments, "-o", module], check=True)
    for cpu, isa in ((None, given), (other, other)):
        program = tx.load(module).compile(tmp_path / f"{cpu}.so", cpu=cpu)
        (variant,) = program.metadata["variants"]
        assert variant["target"]["isa"] == isa


def test_missing_folder(tmp_path):
    with pytest.raises(tx.FileError):
        tx.load(tmp_path / "missing")


def test_unknown_architecture(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt9"}))
    with pytest.raises(tx.UnsupportedError, match="gpt9"):
        tx.load(tmp_path)


def test_malformed_config(tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(tx.ModelFormatError, match="config.json"):
        tx.load(tmp_path)


def test_unknown_head(sections_dir):
    with pytest.raises(tx.InputError, match="unknown head") as error:
        tx.load(sections_dir, head="tail")
    assert error.value.code == 2


def test_unknown_cpu_leaves_the_output_alone(sections_dir, tmp_path):
    output = tmp_path / "a.so"
    output.write_text("kept")
    with pytest.raises(tx.Error, match="pentium9"):
        tx.load(sections_dir).compile(output, cpu="pentium9")
    assert output.read_text() == "kept"


def test_unwritable_output(sections_dir, tmp_path):
    with pytest.raises(tx.FileError) as error:
        tx.load(sections_dir).compile(tmp_path / "missing" / "a.so")
    assert error.value.code == 3


def test_a_module_that_cannot_be_emitted(tmp_path):
    (tmp_path / "empty.mlir").write_text('module attributes {tx.phase = "lower"} {}')
    with pytest.raises(tx.CompilationError, match="cannot be emitted") as error:
        tx.load(tmp_path / "empty.mlir").compile(tmp_path / "a.so")
    assert error.value.code == 7 and tx.CompilationError.code == 6


def test_tuning_changes_schedules_and_no_bits(sections_dir, tmp_path):
    tuning = Path(__file__).parents[1] / "Tools" / "Inputs" / "tuning" / "low.json"
    model = tx.load(sections_dir)
    plain = model.compile(tmp_path / "plain.so", cpu="x86-64-v3")
    tuned = model.compile(tmp_path / "tuned.so", cpu="x86-64-v3", tuning=tuning)
    assert plain.path.read_bytes() != tuned.path.read_bytes()
    ids = [[2, 100, 200, 3], [2, 300, 3]]
    np.testing.assert_array_equal(plain(ids)["logits"], tuned(ids)["logits"])


def test_malformed_tuning(sections_dir, tmp_path):
    (tmp_path / "t.json").write_text('{"version": 3}')
    with pytest.raises(tx.ModelFormatError, match="'version' is 3, expected 1"):
        tx.load(sections_dir).compile(tmp_path / "a.so", tuning=tmp_path / "t.json")
