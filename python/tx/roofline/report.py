"""Reports of `txc bench --format=json`, checked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tx.errors import FileError, ModelFormatError


_MOST = 1e30  # quotients of numbers are numbers, too


@dataclass(frozen=True)
class Kernel:
    """All calls of a kernel in one run."""

    name: str
    milliseconds: float
    share: float  # of the time of all kernels
    gflop: float
    megabytes: float
    gflops: float

    @property
    def intensity(self) -> float:
        """FLOPs for each byte of operands and results."""
        return self.gflop * 1e3 / self.megabytes

    @property
    def has_point(self) -> bool:
        """A logarithmic axis has no place for kernels that only move data."""
        return self.megabytes > 0 and self.intensity > 0 and self.gflops > 0


@dataclass(frozen=True)
class Report:
    """What `txc bench` measured with one number of threads."""

    path: Path
    artefact: str
    isa: str
    sequences: int
    tokens: int
    threads: int
    latency_ms: float
    gflops: float
    peak_gflops: float
    gigabytes_per_second: float
    kernels: tuple[Kernel, ...]

    def roof(self, intensity: float) -> float:
        """The most GFLOP/s that a kernel can reach if its data is in memory."""
        return min(self.peak_gflops, self.gigabytes_per_second * intensity)

    @property
    def ridge(self) -> float:
        """The intensity where the roofs meet."""
        return self.peak_gflops / self.gigabytes_per_second


class _Fields:
    """The fields of one JSON object, each with the type that is expected of it."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise ModelFormatError(f"{where} is not an object")
        self._values: dict[str, Any] = value
        self._where = where

    def get(self, key: str) -> Any:
        if key not in self._values:
            raise ModelFormatError(f"{self._where} has no '{key}'")
        return self._values[key]

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value:
            raise ModelFormatError(f"'{key}' of {self._where} is not a text")
        return value

    def elements(self, key: str) -> list[Any]:
        value = self.get(key)
        if not isinstance(value, list) or not value:
            raise ModelFormatError(f"'{key}' of {self._where} is not a list, or empty")
        return value

    def number(self, key: str, least: float = 0) -> float:
        value = self.get(key)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not least <= value <= _MOST:
            raise ModelFormatError(
                f"'{key}' of {self._where} is {json.dumps(value)}, not a number from {least} to {_MOST:g}"
            )
        return float(value)


def _read_kernel(value: Any, where: str) -> Kernel:
    fields = _Fields(value, where)
    numbers = [fields.number(key) for key in ("milliseconds", "share", "gflop", "megabytes", "gflops")]
    return Kernel(fields.text("name"), *numbers)


def _read_run(path: Path, report: _Fields, value: Any, where: str) -> Report:
    run = _Fields(value, where)
    return Report(
        path=path,
        artefact=Path(report.text("artefact")).stem,
        isa=report.text("isa"),
        sequences=int(report.number("sequences", 1)),
        tokens=int(report.number("tokens", 1)),
        threads=int(run.number("threads", 1)),
        latency_ms=_Fields(run.get("latency_ms"), f"'latency_ms' of {where}").number("median"),
        gflops=run.number("gflops"),
        peak_gflops=run.number("peak_gflops", 1e-3),
        gigabytes_per_second=run.number("read_gigabytes_per_second", 1e-3),
        kernels=tuple(_read_kernel(kernel, f"kernel {i} of {where}") for i, kernel in enumerate(run.elements("kernels"))),
    )


def read(path: Path) -> list[Report]:
    """The report in `path`, by number of threads. Errors: FileError, ModelFormatError."""
    try:
        value = json.loads(path.read_text())
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{path} is not JSON: {error}") from error
    fields = _Fields(value, str(path))
    return [_read_run(path, fields, run, f"run {i} of {path}") for i, run in enumerate(fields.elements("runs"))]


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def describe(reports: Sequence[Report]) -> tuple[str, list[str]]:
    """What all reports have in common, and for each what sets it apart."""
    columns = [
        [report.artefact for report in reports],
        [report.isa for report in reports],
        [f"{_count(r.sequences, 'sequence')}, {_count(r.tokens, 'token')}" for r in reports],
        [_count(report.threads, "thread") for report in reports],
    ]
    common = [column[0] for column in columns if len(set(column)) == 1]
    apart = [column for column in columns if len(set(column)) > 1]
    names = [", ".join(parts) for parts in zip(*apart)] or [""] * len(reports)
    if len(set(names)) < len(reports):
        names = [", ".join(filter(None, (report.path.stem, name))) for report, name in zip(reports, names)]
    return ", ".join(common), names
