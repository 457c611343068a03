"""Names beside points, none upon another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

Boxes = NDArray[np.float64]  # rows of left, bottom, right, top in pixels
Pixels = tuple[float, float]

FONT_SIZE = 8.5
_DIRECTIONS = (0, 30, -30, 60, -60, 90, -90, 180, 150, -150, 120, -120)  # degrees
_DISTANCES = (4, 12, 22, 34, 48, 64, 82, 102)  # in points, from the marker's edge
_SIDES = {"left": 0.0, "bottom": 0.0, "center": 0.5, "right": 1.0, "top": 1.0}


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    radius: float  # in points
    label: str  # none if empty


@dataclass(frozen=True)
class _Offset:
    """From a point to its label, in points. The label begins, ends or is centred there."""

    x: float
    y: float

    @property
    def horizontal(self) -> Literal["left", "center", "right"]:
        return "center" if abs(self.x) < 1 else "left" if self.x > 0 else "right"

    @property
    def vertical(self) -> Literal["bottom", "center", "top"]:
        return "center" if abs(self.y) < 1 else "bottom" if self.y > 0 else "top"


def _offsets(radius: float) -> Iterator[_Offset]:
    for distance in _DISTANCES:
        for degrees in _DIRECTIONS:
            angle = math.radians(degrees)
            yield _Offset((radius + distance) * math.cos(angle), (radius + distance) * math.sin(angle))


def _measure(axes: Axes, label: str) -> tuple[float, float]:
    """Width and height in pixels."""
    text = axes.text(0.5, 0.5, label, fontsize=FONT_SIZE, transform=axes.transAxes)
    box = text.get_window_extent()
    text.remove()
    return box.width, box.height


def _box(anchor: Pixels, size: tuple[float, float], offset: _Offset, scale: float) -> Boxes:
    width, height = size
    left = anchor[0] + offset.x * scale - _SIDES[offset.horizontal] * width
    bottom = anchor[1] + offset.y * scale - _SIDES[offset.vertical] * height
    return np.array([[left - 2, bottom - 2, left + width + 2, bottom + height + 2]])


def _shared(first: Boxes, second: Boxes) -> float:
    """The sum of the areas that boxes of one have in common with boxes of the other."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return float(np.prod(np.clip(high - low, 0, None), axis=2).sum())


def _leader(anchor: Pixels, offset: _Offset, scale: float) -> Boxes:
    """The line from a point to its label, as dots."""
    steps = np.linspace(0, 1, 12)[1:, None]
    dots = np.array(anchor) + steps * scale * np.array([[offset.x, offset.y]])
    return np.hstack([dots - 1, dots + 1])


def _cost(box: Boxes, leader: Boxes, distance: float, frame: Boxes, taken: Boxes) -> float:
    """In pixels: how far away, and 3 times the area that is taken or outside of `frame`."""
    outside = _shared(box, box) - _shared(box, frame)
    return distance + 3 * (outside + _shared(box, taken) + _shared(leader, taken))


def place(axes: Axes, points: list[Point], taken: Boxes) -> None:
    """Labels `points` in their order, each at the nearest free place. `taken`, in pixels,
    is kept free."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    scale = figure.dpi / 72
    frame: Boxes = np.array([axes.get_window_extent().extents])
    anchors = axes.transData.transform([(point.x, point.y) for point in points])
    radii = np.array([[point.radius * scale] for point in points])
    discs = np.hstack([anchors - radii, anchors + radii])
    for index, (point, anchor) in enumerate(zip(points, anchors)):
        if not point.label:
            continue
        size = _measure(axes, point.label)
        others = np.vstack([taken, np.delete(discs, index, axis=0)])
        choices = []
        for offset in _offsets(point.radius):
            box = _box(anchor, size, offset, scale)
            distance = math.hypot(offset.x, offset.y) * scale
            cost = _cost(box, _leader(anchor, offset, scale), distance, frame, others)
            choices.append((cost, offset, box))
        _, offset, box = min(choices, key=lambda choice: choice[0])
        taken = np.vstack([taken, box])
        axes.annotate(
            point.label,
            (point.x, point.y),
            xytext=(offset.x, offset.y),
            textcoords="offset points",
            ha=offset.horizontal,
            va=offset.vertical,
            fontsize=FONT_SIZE,
            zorder=5,
            arrowprops={
                "arrowstyle": "-",
                "lw": 0.7,
                "color": "0.25",
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (_SIDES[offset.horizontal], _SIDES[offset.vertical]),
            },
        )
