"""Draws reports. Series differ in marker and line style, and in colour too."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from tx.roofline.labels import FONT_SIZE, Boxes, Point, place
from tx.roofline.report import Kernel, Report, describe

_COLOURS = ("#1f4e79", "#c8641b", "#3b7d4f", "#7a4a8c")
_MARKERS = ("o", "s", "D", "^")
_LINES = ("-", "--", ":", "-.")
MOST_SERIES = len(_MARKERS)

_SETTINGS: dict[Any, Any] = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9.5,
    "svg.fonttype": "none",  # text stays text: small, searchable
    "svg.hashsalt": "tx",  # the same bytes from the same reports
}


def _radius(share: float) -> float:
    """Of a marker, in points: its area is as the share of the time."""
    return max(2.2, 11 * math.sqrt(min(share, 1.0)))


def _limits(reports: Sequence[Report]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of the axes: all points, and the ridges, with room for names."""
    points = [kernel for report in reports for kernel in report.kernels if kernel.has_point]
    x = [kernel.intensity for kernel in points] + [report.ridge for report in reports]
    y = [kernel.gflops for kernel in points] + [report.peak_gflops for report in reports]
    return (min(x) / 2.2, max(x) * 4), (min(y) / 2.2, max(y) * 1.7)


def _draw_roofs(axes: Axes, reports: Sequence[Report]) -> None:
    left, right = axes.get_xlim()
    for index, report in enumerate(reports):
        x = [left / 2, report.ridge, right * 2]
        y = [report.roof(value) for value in x]
        axes.plot(x, y, _LINES[index], color=_COLOURS[index], lw=1.4, zorder=2)
    top = [max(report.roof(x) for report in reports) for x in (left, right)]
    ridge = max(reports, key=lambda report: report.peak_gflops)
    axes.fill_between(
        [left / 2, ridge.ridge, right * 2],
        [ridge.roof(left / 2), ridge.peak_gflops, ridge.peak_gflops],
        max(top) * 100,
        color="0.95",
        zorder=0,
        lw=0,
    )


def _name_roofs(axes: Axes, reports: Sequence[Report]) -> None:
    """Along the highest roofs; the legend has the numbers."""
    report = max(reports, key=lambda report: report.peak_gflops)
    axes.annotate(
        "measured peak",
        (axes.get_xlim()[1], report.peak_gflops),
        xytext=(-4, 3),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=FONT_SIZE,
        style="italic",
    )
    end = report.ridge / 1.3
    (x, y), (ridge_x, ridge_y) = axes.transData.transform([(end, report.roof(end)), (report.ridge, report.peak_gflops)])
    axes.annotate(
        "measured memory bandwidth",
        (end, report.roof(end)),
        xytext=(-3, 3),
        textcoords="offset points",
        rotation=math.degrees(math.atan2(ridge_y - y, ridge_x - x)),
        rotation_mode="anchor",
        ha="right",
        va="bottom",
        fontsize=FONT_SIZE,
        style="italic",
    )


def _roof_boxes(axes: Axes, reports: Sequence[Report]) -> Boxes:
    """What roofs cover."""
    x = np.geomspace(*axes.get_xlim(), 300)
    points = [(value, report.roof(value)) for report in reports for value in x]
    dots: Boxes = axes.transData.transform(points)
    return np.hstack([dots - 2, dots + 2])


def _draw_kernels(axes: Axes, reports: Sequence[Report], names: Sequence[str]) -> None:
    for index, (report, name) in enumerate(zip(reports, names)):
        points = [kernel for kernel in report.kernels if kernel.has_point]
        axes.scatter(
            [kernel.intensity for kernel in points],
            [kernel.gflops for kernel in points],
            s=[(2 * _radius(kernel.share)) ** 2 for kernel in points],
            marker=_MARKERS[index],
            facecolor=_COLOURS[index] + "66",
            edgecolor=_COLOURS[index],
            lw=1.1,
            zorder=3,
        )
        axes.plot(
            [],
            [],
            _LINES[index],
            color=_COLOURS[index],
            marker=_MARKERS[index],
            markerfacecolor=_COLOURS[index] + "66",
            label=(f"{name}: " if name else "") + f"{report.gflops:.0f} of {report.peak_gflops:.0f} GFLOP/s,"
            f" {report.gigabytes_per_second:.1f} GB/s, {report.latency_ms:.3g} ms",
        )


def _series_of(reports: Sequence[Report]) -> dict[str, list[Kernel]]:
    """The kernels by name, in the order of their time."""
    series: dict[str, list[Kernel]] = {}
    for report in reports:
        for kernel in report.kernels:
            series.setdefault(kernel.name, []).append(kernel)
    return series


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.005 else "< 1 %"


def _label_points(reports: Sequence[Report]) -> Iterator[Point]:
    """Of each kernel, the first point has the name."""
    for name, kernels in _series_of(reports).items():
        label = f"{name}  {_percent(kernels[0].share)}"
        for kernel in kernels:
            if kernel.has_point:
                yield Point(kernel.intensity, kernel.gflops, _radius(kernel.share), label)
                label = ""


def _join_series(axes: Axes, reports: Sequence[Report]) -> None:
    """A thin line leads from a kernel in one series to itself in the next."""
    for kernels in _series_of(reports).values():
        points = [kernel for kernel in kernels if kernel.has_point]
        x, y = [kernel.intensity for kernel in points], [kernel.gflops for kernel in points]
        axes.plot(x, y, "-", color="0.6", lw=0.8, zorder=1)


def _footnote(reports: Sequence[Report]) -> str:
    lines = ["Area: share of the time. Bytes: operands and results once each; above the slanted roof they came from a cache."]
    left_out = {
        name: kernels[0].share
        for name, kernels in _series_of(reports).items()
        if not any(kernel.has_point for kernel in kernels)
    }
    if left_out:
        parts = [f"{name} ({_percent(share)})" for name, share in left_out.items()]
        lines.append("Without arithmetic: " + ", ".join(parts) + ".")
    return "\n".join(lines)


def draw(reports: Sequence[Report], output: Path, kind: str) -> None:
    """Writes the picture of `reports`, 1 to MOST_SERIES, as `kind`, svg or png."""
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(8.6, 5.4), dpi=120)
        axes = figure.add_axes((0.08, 0.17, 0.895, 0.75))
        common, names = describe(reports)
        axes.set(xscale="log", yscale="log")
        axes.set_xlim(*_limits(reports)[0])
        axes.set_ylim(*_limits(reports)[1])
        axes.set_xlabel("arithmetic intensity, FLOP per byte")
        axes.set_ylabel("GFLOP/s")
        axes.set_title(common, loc="left", fontsize=11, fontweight="bold")
        plain = FuncFormatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_major_formatter(plain)
        axes.yaxis.set_major_formatter(plain)
        axes.grid(True, which="major", color="0.88", lw=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        _draw_roofs(axes, reports)
        _name_roofs(axes, reports)
        _join_series(axes, reports)
        _draw_kernels(axes, reports, names)
        legend = axes.legend(loc="lower right", frameon=False, fontsize=FONT_SIZE)
        figure.text(0.08, 0.015, _footnote(reports), fontsize=7.5, color="0.3", va="bottom")
        figure.draw_without_rendering()
        written = [artist.get_window_extent().extents for artist in (legend, *axes.texts)]
        place(axes, list(_label_points(reports)), np.vstack([*written, _roof_boxes(axes, reports)]))
        metadata = {"Date": None, "Creator": "tx"} if kind == "svg" else {"Software": "tx"}
        figure.savefig(output, format=kind, metadata=metadata)
