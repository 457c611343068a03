"""The command line of tx.bench."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from tx._output import replacing
from tx.bench.engines import ENGINES, PEERS
from tx.bench.measure import Result, measure
from tx.bench.report import to_json, to_table
from tx.bench.suite import SUITES, Cell, cells

_EXAMPLES = """examples:
  python -m tx.bench --list
  python -m tx.bench --peers onnxruntime,openvino,torch,torch-compile --threads 1,2
  python -m tx.bench --models minilm-l6 --batches 1x16,ragged --peers onnxruntime
  python -m tx.bench --precision=bf16 --peers tx-f32,openvino,torch
  python -m tx.bench --format=json --output bench.json

exit codes: 0 measured, 1 an engine failed in some cell, 2 usage
"""
_INSTALL = "in a checkout of tx: pip install './python[bench]'"


def _fail(text: str, hint: str) -> NoReturn:
    print(f"error: {text}\nhelp: {hint}", file=sys.stderr)
    raise SystemExit(2)


def _names(text: str) -> list[str]:
    """The names in a list with commas, each once."""
    return list(dict.fromkeys(name for name in text.split(",") if name))


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tx.bench",
        description="Measures tx and other runtimes side by side.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--suite", default="encoders", choices=SUITES, help="models and batches (default encoders)")
    add("--peers", type=_names, metavar="NAME,...", help="of " + ", ".join(PEERS) + "; default: all of that precision")
    add(
        "--precision",
        default="f32",
        choices=["f32", "bf16"],
        help="what linear layers multiply, in every engine (default f32)",
    )
    add("--threads", type=_names, default=["1"], metavar="N,...", help="default 1")
    add("--models", type=_names, default=[], metavar="NAME,...", help="only these")
    add("--batches", type=_names, default=[], metavar="NAME,...", help="only these, 1x16 say")
    add("--rounds", type=int, default=20, metavar="N", help="most rounds of a cell (default 20)")
    add("--seconds", type=float, default=60, metavar="S", help="most time of a cell (default 60)")
    add("--format", default="table", choices=["table", "json"])
    add("--output", type=Path, metavar="FILE", help="default: standard output")
    add("--cache-dir", type=Path, metavar="DIR", help="default: ~/.cache/tx/bench")
    add("--list", action="store_true", help="list the cells, measure nothing")
    return parser.parse_args(arguments)


def _choose(options: argparse.Namespace) -> list[Cell]:
    available = sorted(os.sched_getaffinity(0))
    hint = "name numbers of threads that have a CPU each"
    threads = []
    for text in options.threads:
        if not text.isdecimal() or not 1 <= int(text) <= len(available):
            _fail(f"{text} threads are asked for, expected 1 to {len(available)}", hint)
        threads.append(int(text))
    if not threads:
        _fail("--threads is empty", hint)
    found = cells(options.suite, list(dict.fromkeys(threads)))
    for kind, wanted, known in (
        ("model", options.models, {cell.shape.name for cell in found}),
        ("batch", options.batches, {cell.batch.name for cell in found}),
    ):
        for name in wanted:
            if name not in known:
                _fail(f"the suite has no {kind} '{name}'", f"it has {', '.join(sorted(known))}")
    chosen = [
        cell
        for cell in found
        if (not options.models or cell.shape.name in options.models)
        and (not options.batches or cell.batch.name in options.batches)
    ]
    if not chosen:
        _fail("none of these models has one of these batches", "--list shows what there is")
    return chosen


def _check_peers(peers: list[str], precision: str) -> None:
    able = [peer for peer in PEERS if precision in ENGINES[peer].precisions]
    hint = f"peers of {precision} are {', '.join(able)}"
    for peer in peers:
        if peer not in PEERS:
            _fail(f"there is no peer '{peer}'", hint)
        if peer not in able:
            _fail(f"{peer} is not for {precision}", hint)
        for module in ENGINES[peer].modules:
            if importlib.util.find_spec(module) is None:
                _fail(
                    f"{peer} needs the package {module}, which is not installed",
                    f"{_INSTALL}, or leave it out of --peers",
                )


@contextlib.contextmanager
def _writing(path: Path, hint: str = "name a file in a folder that exists") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _fail(f"cannot write {path}: {error.strerror}", hint)


@contextlib.contextmanager
def _report_to(output: Path | None) -> Iterator[Callable[[str], object]]:
    """What writes the report. A file beside `output` is made at once, so that nothing is
    measured in vain, and takes its place when the report is in it."""
    if output is None:
        yield sys.stdout.write
        return
    with contextlib.ExitStack() as stack:
        with _writing(output):
            partial = stack.enter_context(replacing(output))

        def write(text: str) -> None:
            with _writing(output):
                partial.write_text(text)

        yield write
        with _writing(output):
            stack.close()


def _peak(threads: int) -> float:
    from tx import _compiler

    return float(_compiler.measure_peak(threads)[0])


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    chosen = _choose(options)
    if options.list:
        for cell in chosen:
            print(f"{cell.shape.name:12} {cell.batch.name:8} threads {cell.threads}")
        return 0
    if options.rounds < 1 or not options.seconds > 0:
        _fail("--rounds and --seconds must be positive", "the defaults are 20 and 60")
    if options.peers is None:
        options.peers = [p for p in PEERS if options.precision in ENGINES[p].precisions]
    _check_peers(options.peers, options.precision)
    for module in ("torch", "transformers"):  # models are made with them
        if importlib.util.find_spec(module) is None:
            _fail(f"the package {module} is not installed", _INSTALL)
    from tx import _compiler

    engines = ["tx", *options.peers]
    cache = options.cache_dir or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    ).joinpath("tx", "bench")
    with _writing(cache, "name a folder for models with --cache-dir"):
        cache.mkdir(parents=True, exist_ok=True)
        if not os.access(cache, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    with _report_to(options.output) as write:
        results: list[Result] = []
        for index, cell in enumerate(chosen, 1):
            if sys.stderr.isatty():
                name = f"{cell.shape.name} {cell.batch.name}, threads {cell.threads}"
                print(f"[{index}/{len(chosen)}] {name}", file=sys.stderr)
            results.append(
                measure(
                    cell,
                    engines,
                    rounds=options.rounds,
                    seconds=options.seconds,
                    cache=cache,
                    precision=options.precision,
                    peak=_peak,
                )
            )
        report = to_json(results, engines, _compiler.cpu_name(), options.precision)
        if options.format == "json":
            write(json.dumps(report, indent=2) + "\n")
        else:
            write(to_table(report, engines))
    return 1 if any(result.failures for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
