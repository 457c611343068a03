"""Loading and compiling from Python."""

import json

import pytest

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
    with pytest.raises(tx.InputError, match="unknown head"):
        tx.load(sections_dir, head="tail")


def test_unknown_cpu_leaves_the_output_alone(sections_dir, tmp_path):
    output = tmp_path / "a.so"
    output.write_text("kept")
    with pytest.raises(tx.Error, match="pentium9"):
        tx.load(sections_dir).compile(output, cpu="pentium9")
    assert output.read_text() == "kept"


def test_unwritable_output(sections_dir, tmp_path):
    with pytest.raises(tx.FileError):
        tx.load(sections_dir).compile(tmp_path / "missing" / "a.so")
