"""tx.bench: what it counts, how it fails, and one small run."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import needs_torch

from tx.bench import __main__ as cli
from tx.bench import worker
from tx.bench.engines import ENGINES, PEERS, Engine, _affinities
from tx.bench.measure import Result, geometric_mean, measure
from tx.bench.report import summarize, to_json, to_table
from tx.bench.suite import BERT_BASE, MINILM, TINY, Batch, Cell, cells, dense_batch, ragged_batch

_serve = worker._serve


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tx.bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def make_result(batch: Batch, **seconds: list[float]) -> Result:
    return Result(Cell(TINY, batch, 1), seconds, peaks=[1.0] * 3)


class Fake(Engine):
    """Runs nothing; its process is killed where `fate` says: in "hidden" or its third "round"."""

    def __init__(self, fate: str | None) -> None:
        self._fate = fate
        self._rounds: int | None = None  # none before outputs are compared

    def prepare(self, batch: Batch) -> None:
        self._tokens = sum(batch.lengths)

    def run(self) -> None:
        time.sleep(0.06)  # more than what a round fills
        if self._rounds is not None:
            self._rounds += 1
            self._meet("round", self._rounds == 3)

    def hidden(self) -> np.ndarray:
        self._meet("hidden", True)
        self._rounds = 0
        return np.zeros((self._tokens, 1), np.float32)

    def _meet(self, fate: str, now: bool) -> None:
        if fate == self._fate and now:
            os.kill(os.getpid(), signal.SIGKILL)


def serve_fake(fates, pipe, name, cpus, arguments):
    ENGINES[name] = lambda *_: Fake(fates.get(name))
    _serve(pipe, name, cpus, arguments)


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Lets workers run fakes with these fates; the folder of models."""
    (tmp_path / "tiny-32x2").mkdir()
    (tmp_path / "tiny-32x2" / "config.json").touch()

    def install(**fates: str) -> Path:
        monkeypatch.setattr(worker, "_serve", functools.partial(serve_fake, fates))
        return tmp_path

    return install


def measure_fakes(cache: Path) -> Result:
    cell = Cell(TINY, dense_batch(2, 8, 100), 1)
    return measure(
        cell,
        ["tx", "openvino", "torch"],
        rounds=4,
        seconds=60,
        cache=cache,
        precision="f32",
        peak=lambda threads: 1.0,
    )


def test_flops_are_those_of_linears_and_attention():
    # 12 layers: four 768 x 768, two 768 x 3072, and 4 * 768 for each pair.
    per_token = 2 * (4 * 768 * 768 + 2 * 768 * 3072)
    assert BERT_BASE.flops([3, 5]) == 12 * (8 * per_token + 4 * 768 * (9 + 25))


def test_ragged_batch_is_real_and_ragged():
    batch = ragged_batch()
    assert len(batch.ids) == 32
    assert min(batch.lengths) < 20 and max(batch.lengths) > 120 and not batch.is_dense
    for ids in batch.ids:
        assert ids[0] == 101 and ids[-1] == 102  # [CLS], [SEP]
        assert all(0 <= token < MINILM.vocabulary for token in ids)


def test_padding_is_masked():
    ids, mask = Batch("two", ((7, 8, 9), (5,))).padded()
    np.testing.assert_array_equal(ids, [[7, 8, 9], [5, 0, 0]])
    np.testing.assert_array_equal(mask, [[1, 1, 1], [1, 0, 0]])


def test_dense_batches_are_the_same_each_time():
    assert dense_batch(2, 16, 30522) == dense_batch(2, 16, 30522)
    assert dense_batch(2, 16, 30522).lengths == [16, 16]


def test_bert_large_is_dense_only():
    names = {(cell.shape.name, cell.batch.name) for cell in cells("encoders", [1, 2])}
    assert ("bert-base", "ragged") in names and ("bert-large", "ragged") not in names
    assert len(cells("encoders", [1, 2])) == 2 * (3 * 6 + 5)


def test_speedup_is_the_median_of_the_rounds_ratios():
    result = make_result(
        dense_batch(1, 4, 100), tx=[1.0, 2.0, 1.0], torch=[3.0, 4.0, 9.0], openvino=[5.0, 5.0, 5.0]
    )
    assert result.best_peer() == "torch"
    assert make_result(dense_batch(1, 4, 100), **{"tx": [1.0], "tx-f32": [2.0]}).best_peer() is None
    assert result.speedup() == 3.0
    assert make_result(dense_batch(1, 4, 100), tx=[1.0] * 3).speedup() is None


def test_summary_separates_dense_and_ragged():
    dense = make_result(dense_batch(1, 4, 100), tx=[1.0] * 3, torch=[2.0] * 3)
    other = make_result(dense_batch(1, 4, 100), tx=[1.0] * 3, torch=[8.0] * 3)
    ragged = make_result(Batch("ragged", ((1, 2), (3,))), tx=[1.0] * 3, torch=[5.0] * 3)
    assert summarize([dense, other, ragged]) == {
        "1": {
            "dense_geometric_mean": pytest.approx(4.0),
            "dense_least": pytest.approx(2.0),
            "ragged_least": pytest.approx(5.0),
        }
    }
    assert geometric_mean([1.0, 4.0]) == pytest.approx(2.0)


def test_table_shows_failures_with_their_reason():
    result = make_result(dense_batch(1, 4, 100), tx=[0.001] * 3)
    result.failures["torch"] = "output differs from that of tx by 0.5"
    table = to_table(to_json([result], ["tx", "torch"], "a CPU", "bf16"), ["tx", "torch"])
    assert table.startswith("a CPU, bf16; median milliseconds")
    assert "1.00 (" in table and "failed" in table
    assert "output differs from that of tx by 0.5 (torch)" in table


@pytest.mark.parametrize("fate", ["hidden", "round"])
def test_a_peer_that_dies_costs_its_own_results(fake, fate):
    result = measure_fakes(fake(torch=fate))
    assert result.failures == {"torch": "torch was killed by signal 9"}
    assert set(result.seconds) == {"tx", "openvino"}
    assert {len(values) for values in [*result.seconds.values(), result.peaks]} == {4}
    assert result.best_peer() == "openvino" and 0.5 < result.speedup() < 2


def test_there_are_no_ratios_without_tx(fake):
    result = measure_fakes(fake(tx="round"))
    assert result.failures == {"tx": "tx was killed by signal 9"}
    assert set(result.seconds) == {"openvino", "torch"} and result.speedup() is None
    engines = ["tx", "openvino", "torch"]
    report = to_json([result], engines, "a CPU", "f32")
    (cell,) = report["cells"]
    assert cell["engines"]["torch"]["time_of_tx"] is None and cell["rounds"] == 4
    assert cell["engines"]["torch"]["latency_ms"] >= 60 and report["summary"] == {"1": {}}
    assert "tx was killed by signal 9 (tx)" in to_table(report, engines)


def test_nothing_is_timed_without_an_output_of_tx(fake):
    result = measure_fakes(fake(tx="hidden"))
    assert result.failures == {"tx": "tx was killed by signal 9"} and result.seconds == {}
    rows = to_table(to_json([result], ["tx", "torch"], "a CPU", "f32"), ["tx", "torch"])
    assert rows.splitlines()[3].split() == ["tiny", "2x8", "1", "failed", "-", "-"]


def test_a_worker_that_is_killed_while_it_waits(fake):
    with worker.Worker("torch", fake(), TINY, 1, "f32") as waiting:
        os.kill(waiting._process.pid, signal.SIGKILL)
        for _ in range(2):
            with pytest.raises(worker.EngineError, match="torch was killed by signal 9"):
                waiting.time(0.05)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--threads", "0"], "0 threads are asked for, expected 1 to"),
        (["--threads", "two"], "two threads are asked for, expected 1 to"),
        (["--threads", ""], "--threads is empty"),
        (["--models", "gpt"], "the suite has no model 'gpt'"),
        (["--batches", "3x3"], "the suite has no batch '3x3'"),
        (["--peers", "tensorrt"], "there is no peer 'tensorrt'"),
        (["--peers", "tx-f32"], "tx-f32 is not for f32"),
        (["--precision", "bf16", "--peers", "onnxruntime"], "onnxruntime is not for bf16"),
        (["--rounds", "0"], "--rounds and --seconds must be positive"),
        (
            ["--models", "bert-large", "--batches", "ragged"],
            "none of these models has one of these batches",
        ),
    ],
)
def test_bad_arguments(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main(arguments)
    assert exit.value.code == 2
    error = capsys.readouterr().err
    assert message in error and "help: " in error


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_hint_names_the_peers_of_the_precision(precision, capsys):
    with pytest.raises(SystemExit):
        cli.main(["--precision", precision, "--peers", "tensorrt"])
    (hint,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("help: ")]
    named = hint.removeprefix(f"help: peers of {precision} are ").split(", ")
    assert named == [peer for peer in PEERS if precision in ENGINES[peer].precisions]


def test_missing_peer_is_named_before_anything_is_measured(monkeypatch, capsys):
    monkeypatch.setattr(ENGINES["openvino"], "modules", ("no_such_package",))
    with pytest.raises(SystemExit) as exit:
        cli.main(["--peers", "openvino"])
    assert exit.value.code == 2
    error = capsys.readouterr().err
    assert "openvino needs the package no_such_package" in error
    assert "help: in a checkout of tx: pip install './python[bench]', or leave it out" in error


def report_to(folder: Path, name: str) -> list[str]:
    files = ["--cache-dir", str(folder / "cache"), "--output", str(folder / name)]
    return ["--suite", "tiny", "--peers", "torch", *files]


@needs_torch
@pytest.mark.parametrize(
    "name, reason",
    [
        ("missing/report", "No such file or directory"),
        ("folder", "it is a folder"),
        ("pipe", "it is no regular file"),
        ("link-to-pipe", "it is no regular file"),
    ],
)
def test_output_that_cannot_be_is_named_before_anything_is_measured(
    tmp_path, monkeypatch, capsys, name, reason
):
    monkeypatch.setattr(cli, "measure", None)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link-to-pipe").symlink_to("pipe")
    with pytest.raises(SystemExit) as exit:
        cli.main(report_to(tmp_path, name))
    assert exit.value.code == 2
    assert f"cannot write {tmp_path / name}: {reason}" in capsys.readouterr().err


@needs_torch
def test_a_cache_folder_that_cannot_be(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cli, "measure", None)
    (tmp_path / "cache").touch()
    with pytest.raises(SystemExit) as exit:
        cli.main(report_to(tmp_path, "report"))
    assert exit.value.code == 2
    error = capsys.readouterr().err
    assert f"cannot write {tmp_path / 'cache'}: File exists" in error and "--cache-dir" in error


@needs_torch
@pytest.mark.parametrize("fails", [False, True])
def test_output_is_in_place_when_it_is_complete(tmp_path, monkeypatch, fails):
    output = tmp_path / "report"
    files = []

    def measure_or_fail(cell, engines, **options):
        files.append({path.name for path in tmp_path.glob(".report.*")})
        if fails and len(files) == 2:
            raise RuntimeError
        return make_result(cell.batch, tx=[1.0] * 3, torch=[2.0] * 3)

    monkeypatch.setattr(cli, "measure", measure_or_fail)
    if fails:
        with pytest.raises(RuntimeError):
            cli.main(report_to(tmp_path, "report"))
    else:
        assert cli.main(report_to(tmp_path, "report")) == 0
        assert "2.00 (torch)" in output.read_text()
    assert files == [{f".report.{os.getpid()}"}] * 2
    assert not list(tmp_path.glob(".report.*")) and output.exists() == (not fails)


@needs_torch
def test_a_link_stays_and_what_it_names_is_replaced(tmp_path, monkeypatch):
    result = make_result(dense_batch(2, 8, 100), tx=[1.0] * 3, torch=[2.0] * 3)
    monkeypatch.setattr(cli, "measure", lambda *arguments, **options: result)
    (tmp_path / "report").symlink_to("target")
    assert cli.main(report_to(tmp_path, "report")) == 0
    assert (tmp_path / "report").is_symlink() and "2.00" in (tmp_path / "target").read_text()


def test_engines_end_with_a_bench_that_is_killed(tmp_path):
    program = tmp_path / "bench.py"
    program.write_text(
        "import multiprocessing, os, signal, time\n"
        "from tx.bench.worker import _die_with_parent\n"
        "def serve(pipe):\n"
        "    _die_with_parent()\n"
        "    pipe.send(os.getpid())\n"
        "    time.sleep(100)\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    ours, theirs = context.Pipe()\n"
        "    process = context.Process(target=serve, args=(theirs,))\n"
        "    process.start()\n"
        "    pid = ours.recv()\n"
        "    os.kill(pid, signal.SIGSTOP)\n"
        "    print(pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    result = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert result.returncode == -signal.SIGKILL, result.stderr
    status = Path("/proc", result.stdout.strip(), "stat")
    for _ in range(100):
        if not status.exists() or status.read_text().rsplit(")")[1].split()[0] == "Z":
            return
        time.sleep(0.05)
    raise AssertionError("the engine is still there")


def test_two_that_make_one_model_share_the_first(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    shape = cells("tiny", [1])[0].shape
    plain = transformers.PreTrainedModel.save_pretrained

    def save_after_another(model, folder, **options):
        monkeypatch.setattr(transformers.PreTrainedModel, "save_pretrained", plain)
        assert shape.save(tmp_path).is_dir()  # another process is faster
        plain(model, folder, **options)

    monkeypatch.setattr(transformers.PreTrainedModel, "save_pretrained", save_after_another)
    folder = shape.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_list_and_help_measure_nothing():
    listing = run("--list", "--models", "minilm-l6", "--batches", "1x16,ragged")
    assert listing.stdout.split() == "minilm-l6 1x16 threads 1 minilm-l6 ragged threads 1".split()
    again = run("--list", "--models", "minilm-l6", "--batches", "1x16,ragged", "--threads", "1,1,01")
    assert again.stdout == listing.stdout
    text = run("--help").stdout
    assert "examples:" in text and all(peer in text for peer in PEERS)


@needs_torch
def test_a_small_run(tmp_path):
    output = tmp_path / "report.json"
    result = run(
        *("--suite", "tiny", "--batches", "2x8", "--peers", "torch", "--rounds", "2"),
        *("--cache-dir", str(tmp_path / "cache"), "--format", "json", "--output", str(output)),
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(output.read_text())
    (cell,) = report["cells"]
    assert cell["rounds"] == 2 and cell["tokens"] == 16 and cell["failures"] == {}
    assert set(cell["engines"]) == {"tx", "torch"}
    assert all(engine["latency_ms"] > 0 for engine in cell["engines"].values())
    assert cell["best_peer"] == "torch" and cell["speedup"] > 0
    assert "torch" in report["versions"] and report["precision"] == "f32"


@needs_torch
def test_a_small_run_of_bf16(tmp_path):
    result = run(
        *("--suite", "tiny", "--batches", "2x8", "--peers", "tx-f32,torch", "--rounds", "2"),
        *("--precision", "bf16", "--cache-dir", str(tmp_path / "cache"), "--format", "json"),
    )
    assert result.returncode == 0, result.stderr + result.stdout
    (cell,) = json.loads(result.stdout)["cells"]
    assert set(cell["engines"]) == {"tx", "tx-f32", "torch"} and cell["best_peer"] == "torch"
    assert cell["engines"]["tx"]["time_of_tx"] == 1


def test_affinities_of_onnxruntime_leave_a_cpu_to_the_caller():
    assert _affinities([3, 5, 8]) == "6;9"


@needs_torch
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one CPU")
def test_threads_of_onnxruntime_have_a_cpu_each(tmp_path):
    pytest.importorskip("onnxruntime")
    cpus = sorted(os.sched_getaffinity(0))[:2]
    with worker.Worker("onnxruntime", TINY.save(tmp_path), TINY, 2, "f32") as waiting:
        process = waiting._process.pid
        threads = [int(name) for name in os.listdir(f"/proc/{process}/task")]
        allowed = {thread: os.sched_getaffinity(thread) for thread in threads}
        assert allowed.pop(process) == {cpus[0]}
        assert {cpus[1]} in allowed.values()
