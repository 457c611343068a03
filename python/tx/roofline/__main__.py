"""The command line of tx.roofline."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from tx._output import replacing
from tx.errors import Error, FileError, ModelFormatError, UnsupportedError
from tx.roofline.report import Report, read

_EXAMPLES = """examples:
  txc bench model.so --threads=1,2 --format=json > bench.json
  python -m tx.roofline bench.json -o roofline.svg
  python -m tx.roofline before.json after.json -o roofline.png

exit codes: 0 drawn, 2 usage, 3 a file cannot be read or written, 4 not a report of
txc bench, 5 matplotlib is missing
"""
_KINDS = ("svg", "png")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tx.roofline",
        description="Draws what txc bench measured, a point for each kernel, under the roofs of the machine.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "reports", nargs="+", type=Path, metavar="FILE", help="of txc bench --format=json; each number of threads of each is a series"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the picture, .svg or .png")
    options = parser.parse_args(arguments)
    if options.output.suffix[1:] not in _KINDS:
        parser.error(f"the picture {options.output} must be called .svg or .png")
    return options


def _check(reports: list[Report]) -> None:
    for report in reports:
        if not any(kernel.has_point for kernel in report.kernels):
            raise ModelFormatError(f"{report.path} has no kernel with arithmetic, so there is nothing to draw")


def _draw(options: argparse.Namespace) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        raise UnsupportedError(
            "pictures are drawn by matplotlib, which is not installed\n"
            "help: in a checkout of tx: pip install './python[plot]'"
        )
    reports = [report for path in options.reports for report in read(path)]
    _check(reports)
    from tx.roofline.picture import MOST_SERIES, draw

    if len(reports) > MOST_SERIES:
        raise UnsupportedError(f"{len(reports)} series are more than the {MOST_SERIES} that can be told apart")
    output: Path = options.output
    try:
        with replacing(output) as partial:
            draw(reports, partial, output.suffix[1:])
    except OSError as error:
        raise FileError(f"cannot write {output}: {error.strerror}") from error


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        _draw(options)
    except Error as error:
        print(f"error: {error}", file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
