"""Results as a table for people and as JSON for programs."""

from __future__ import annotations

import importlib.metadata
from typing import Any

from tx.bench.engines import ENGINES
from tx.bench.measure import Result, geometric_mean


def versions(engines: list[str]) -> dict[str, str]:
    """Versions of the distributions that `engines` consist of."""
    found = {}
    for package in {p for name in engines for p in ENGINES[name].packages}:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "from source"
    return dict(sorted(found.items()))


def summarize(results: list[Result]) -> dict[str, Any]:
    """Per number of threads: over the dense batches the geometric mean and the least of
    best peer / tx; the least over the ragged ones."""
    summary: dict[str, Any] = {}
    for threads in sorted({result.cell.threads for result in results}):
        speedups: dict[bool, list[float]] = {True: [], False: []}
        for result in results:
            value = result.speedup()
            if result.cell.threads == threads and value is not None:
                speedups[result.cell.batch.is_dense].append(value)
        entry: dict[str, float] = {}
        if speedups[True]:
            entry["dense_geometric_mean"] = geometric_mean(speedups[True])
            entry["dense_least"] = min(speedups[True])
        if speedups[False]:
            entry["ragged_least"] = min(speedups[False])
        summary[str(threads)] = entry
    return summary


def to_json(
    results: list[Result], engines: list[str], cpu: str, precision: str
) -> dict[str, Any]:
    """The report; docs/benchmarks.md says what the fields are."""
    rows = []
    for result in results:
        cell = result.cell
        rows.append(
            {
                "model": cell.shape.name,
                "batch": cell.batch.name,
                "tokens": sum(cell.batch.lengths),
                "threads": cell.threads,
                "rounds": len(result.peaks),
                "gflop": cell.shape.flops(cell.batch.lengths) / 1e9,
                "engines": {
                    name: {
                        "latency_ms": result.median(name) * 1e3,
                        "share_of_peak": result.share_of_peak(name),
                        "time_of_tx": result.ratio(name),
                    }
                    for name in result.seconds
                },
                "failures": result.failures,
                "best_peer": result.best_peer(),
                "speedup": result.speedup(),
            }
        )
    return {
        "cpu": cpu,
        "precision": precision,
        "versions": versions(engines),
        "cells": rows,
        "summary": summarize(results),
    }


def to_table(report: dict[str, Any], engines: list[str]) -> str:
    """Milliseconds and, in brackets, the share of the peak in percent."""
    header = ["model", "batch", "threads", *engines, "best peer / tx"]
    rows = [header]
    for cell in report["cells"]:
        row = [cell["model"], cell["batch"], str(cell["threads"])]
        for name in engines:
            if name in cell["engines"]:
                engine = cell["engines"][name]
                row.append(f"{engine['latency_ms']:.2f} ({engine['share_of_peak'] * 100:.0f})")
            else:
                row.append("failed" if name in cell["failures"] else "-")
        speedup = cell["speedup"]
        row.append(f"{speedup:.2f} ({cell['best_peer']})" if speedup else "-")
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = [f"{report['cpu']}, {report['precision']}; median milliseconds (% of the measured FP32 peak)", ""]
    for row in rows:
        cells = [text.ljust(w) if i < 2 else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    lines.append("")
    for threads, entry in report["summary"].items():
        parts = [f"{key.replace('_', ' ')} {value:.2f}" for key, value in entry.items()]
        if parts:
            lines.append(f"best peer / tx, threads {threads}: " + ", ".join(parts))
    for cell in report["cells"]:
        for name, reason in cell["failures"].items():
            lines.append(f"{cell['model']} {cell['batch']}, threads {cell['threads']}: {reason} ({name})")
    lines.append(", ".join(f"{name} {version}" for name, version in report["versions"].items()))
    return "\n".join(lines) + "\n"
