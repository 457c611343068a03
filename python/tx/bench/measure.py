"""Interleaved rounds of one cell."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tx.bench.engines import Hidden, is_tx
from tx.bench.suite import Cell
from tx.bench.worker import EngineError, Worker

#: Engines agree where their outputs differ by no more: f32 at most so much in each
#: element, which is normalized; bf16 so much of their norm.
TOLERANCES = {"f32": 1e-3, "bf16": 5e-2}
LEAST_ROUNDS = 5


@dataclass
class Result:
    """Seconds and GFLOP/s of peak, one of each per round."""

    cell: Cell
    seconds: dict[str, list[float]] = field(default_factory=dict)
    peaks: list[float] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    def median(self, engine: str) -> float:
        """Median seconds of one run."""
        return statistics.median(self.seconds[engine])

    def share_of_peak(self, engine: str) -> float:
        """Useful FLOP/s over the peak, the median of the rounds' ratios."""
        flops = self.cell.shape.flops(self.cell.batch.lengths)
        pairs = zip(self.seconds[engine], self.peaks)
        return statistics.median(flops / s / 1e9 / peak for s, peak in pairs)

    def best_peer(self) -> str | None:
        """The peer of the least median; None without peers, or if tx failed."""
        peers = [name for name in self.seconds if not is_tx(name)]
        return min(peers, key=self.median) if peers and "tx" in self.seconds else None

    def ratio(self, engine: str) -> float | None:
        """Time of `engine` over that of tx, the median of the rounds' ratios; None if tx
        failed."""
        if "tx" not in self.seconds:
            return None
        pairs = zip(self.seconds[engine], self.seconds["tx"])
        return statistics.median(theirs / ours for theirs, ours in pairs)

    def speedup(self) -> float | None:
        """The ratio of the best peer."""
        best = self.best_peer()
        return None if best is None else self.ratio(best)


def geometric_mean(values: list[float]) -> float:
    return math.exp(statistics.fmean(math.log(value) for value in values))


def _distance(actual: Hidden, expected: Hidden, precision: str) -> float:
    """What TOLERANCES limits."""
    difference = actual - expected
    if precision == "f32":
        return float(np.abs(difference).max())
    return float(np.linalg.norm(difference) / np.linalg.norm(expected))


def _drop(name: str, reason: str, workers: dict[str, Worker], result: Result) -> None:
    result.failures[name] = reason
    workers.pop(name, None)
    result.seconds.pop(name, None)


@contextlib.contextmanager
def _or_drop(name: str, workers: dict[str, Worker], result: Result) -> Iterator[None]:
    """Moves engine `name` to the failures if it fails inside."""
    try:
        yield
    except EngineError as error:
        _drop(name, str(error), workers, result)


def _compare(workers: dict[str, Worker], result: Result, precision: str) -> None:
    """Drops engines whose output is not that of tx."""
    outputs: dict[str, Hidden] = {}
    for name, worker in list(workers.items()):
        with _or_drop(name, workers, result):
            outputs[name] = worker.hidden()
    if "tx" not in outputs:
        return
    expected = outputs["tx"]
    for name, actual in outputs.items():
        if actual.shape != expected.shape:
            reason = f"output has shape {actual.shape}, expected {expected.shape}"
        elif not (distance := _distance(actual, expected, precision)) <= TOLERANCES[precision]:
            reason = f"output differs from that of tx by {distance:.2g}"
        else:
            continue
        _drop(name, reason, workers, result)


def measure(
    cell: Cell,
    engines: list[str],
    *,
    rounds: int,
    seconds: float,
    cache: Path,
    precision: str,
    peak: Callable[[int], float],
) -> Result:
    """Times `engines` on `cell`: at most `rounds` rounds, at least LEAST_ROUNDS unless fewer
    are asked for, no new one once `seconds` have gone by. An engine that fails, at any time,
    has a reason in `failures` and no seconds."""
    result = Result(cell)
    folder = cell.shape.save(cache)
    with contextlib.ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name in engines:
            with _or_drop(name, workers, result):
                worker = Worker(name, folder, cell.shape, cell.threads, precision)
                stack.enter_context(worker)
                worker.prepare(cell.batch)
                worker.time(0.1)  # compiles, allocates, makes weights resident
                workers[name] = worker
        if "tx" in workers:
            _compare(workers, result, precision)
        if "tx" not in workers:
            return result
        result.seconds = {name: [] for name in workers}
        begin = time.monotonic()
        for index in range(rounds):
            if not workers or (index >= LEAST_ROUNDS and time.monotonic() - begin > seconds):
                break
            for name, worker in list(workers.items()):
                with _or_drop(name, workers, result):
                    result.seconds[name].append(worker.time(0.05))
            result.peaks.append(peak(cell.threads))
    return result
