"""tx.roofline: a picture of what txc bench measured."""

import json
import subprocess
import sys

import pytest
from conftest import TXC

pytest.importorskip("matplotlib")

from tx.roofline import __main__ as cli


@pytest.fixture(scope="module")
def report(sections, tmp_path_factory):
    """A real one."""
    path = tmp_path_factory.mktemp("roofline") / "bench.json"
    command = [str(TXC), "bench", str(sections.path), "--batch=2", "--length=16", "--rounds=1", "--format=json"]
    path.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return path


def change(report, tmp_path, **fields):
    """Of its only run."""
    value = json.loads(report.read_text())
    value["runs"][0].update(fields)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(value))
    return path


def test_every_kernel_is_named(report, tmp_path):
    output = tmp_path / "roofline.svg"
    assert cli.main([str(report), "-o", str(output)]) == 0
    text = output.read_text()
    assert "</svg>" in text and len(text) < 100_000
    kernels = json.loads(report.read_text())["runs"][0]["kernels"]
    assert len(kernels) > 5
    for kernel in kernels:
        assert kernel["name"] in text
    assert "measured peak" in text and "measured memory bandwidth" in text
    again = tmp_path / "again.svg"
    cli.main([str(report), "-o", str(again)])
    assert again.read_bytes() == output.read_bytes()


def test_series_are_told_apart(report, tmp_path):
    second = change(report, tmp_path, threads=2)
    output = tmp_path / "roofline.svg"
    assert cli.main([str(report), str(second), "-o", str(output)]) == 0
    text = output.read_text()
    assert "1 thread: " in text and "2 threads: " in text
    together = json.loads(report.read_text())
    together["runs"] += json.loads(second.read_text())["runs"]
    second.write_text(json.dumps(together))
    output.unlink()
    assert cli.main([str(second), "-o", str(output)]) == 0
    assert output.read_text() == text


def test_png(report, tmp_path):
    output = tmp_path / "roofline.png"
    command = [sys.executable, "-m", "tx.roofline", str(report), "-o", str(output)]
    assert subprocess.run(command, check=True).returncode == 0
    assert output.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["roofline.png"]


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"kernels": 3}, "'kernels' of"),
        ({"kernels": []}, "'kernels' of run 0 of"),
        ({"kernels": [{"name": "linear"}]}, "changed.json has no 'milliseconds'"),
        ({"peak_gflops": 0}, "not a number from 0.001 to 1e+30"),
        ({"peak_gflops": 1e306}, "not a number from 0.001 to 1e+30"),
        ({"threads": "two"}, '"two", not a number from 1 to'),
        ({"threads": 10**400}, "not a number from 1 to"),
        ({"latency_ms": {}}, "'latency_ms' of run 0 of"),
    ],
)
def test_what_is_no_report(report, tmp_path, fields, message, capsys):
    path = change(report, tmp_path, **fields)
    output = tmp_path / "roofline.svg"
    output.write_text("before")
    assert cli.main([str(path), "-o", str(output)]) == 4
    assert message in capsys.readouterr().err
    assert output.read_text() == "before"


def test_before_and_after(report, tmp_path):
    value = json.loads(report.read_text())
    value["runs"].append({**value["runs"][0], "threads": 2})
    paths = [tmp_path / "before.json", tmp_path / "after.json"]
    for path in paths:
        path.write_text(json.dumps(value))
    output = tmp_path / "roofline.svg"
    assert cli.main([*map(str, paths), "-o", str(output)]) == 0
    text = output.read_text()
    for name in ("before, 1 thread: ", "before, 2 threads: ", "after, 1 thread: ", "after, 2 threads: "):
        assert name in text


def test_no_runs(report, tmp_path, capsys):
    value = json.loads(report.read_text())
    del value["runs"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(value))
    assert cli.main([str(path), "-o", str(tmp_path / "roofline.svg")]) == 4
    assert "has no 'runs'" in capsys.readouterr().err


def test_no_arithmetic(report, tmp_path, capsys):
    kernel = {"name": "copy", "milliseconds": 1, "share": 1, "gflop": 0, "megabytes": 1, "gflops": 0}
    path = change(report, tmp_path, kernels=[kernel])
    assert cli.main([str(path), "-o", str(tmp_path / "roofline.svg")]) == 4
    assert "has no kernel with arithmetic" in capsys.readouterr().err


def test_files(report, tmp_path, capsys):
    output = str(tmp_path / "roofline.svg")
    assert cli.main([str(tmp_path / "missing.json"), "-o", output]) == 3
    assert "cannot read" in capsys.readouterr().err
    for name in ("no/roofline.svg", "text.json/roofline.svg", "x" * 250 + ".svg"):
        (tmp_path / "text.json").write_text("{")
        assert cli.main([str(report), "-o", str(tmp_path / name)]) == 3
        assert "cannot write" in capsys.readouterr().err
    text = tmp_path / "text.json"
    text.write_text("{")
    assert cli.main([str(text), "-o", output]) == 4
    assert "is not JSON" in capsys.readouterr().err
    with pytest.raises(SystemExit) as exit:
        cli.main([str(report), "-o", str(tmp_path / "roofline.gif")])
    assert exit.value.code == 2
