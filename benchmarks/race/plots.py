"""The pictures, as PNG files beside the JSON; without matplotlib there are none.

One colour is ours and one is another's throughout; what a point is stands beside it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

from benchmarks.race.results import Results, Row

OURS, OTHERS, BAR = "#c2410c", "#64748b", "#0f172a"
MARKS = {"jax": "D", "torch": "s", "torch_compiled": "^", "keras": "v", "sklearn": "o",
         "numpy": "P"}  # fmt: skip


@contextlib.contextmanager
def figure(results: Results, name: str, **options: Any) -> Iterator[tuple[Any, Any] | None]:
    """Give figure and axes, and write them as a PNG file; None without matplotlib."""
    try:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        print("no plots: matplotlib is not installed")
        yield None
        return
    made, axes = pyplot.subplots(layout="constrained", **options)
    try:
        yield made, axes
        for one in made.axes:
            one.spines[["top", "right"]].set_visible(False)
        made.savefig(results.folder / f"{name}.png", dpi=110)
    finally:
        pyplot.close(made)


def plot_steps(results: Results) -> None:
    """Each peer's time over ours, by cell."""
    rows = [row for row in results.rows("steps") if len(row["sides"]) > 1]
    if not rows:
        return
    rows.sort(key=lambda row: row["threads"])
    size = (10, 1.6 + 0.42 * len(rows))
    with figure(results, "steps", figsize=size) as drawn:
        if drawn is None:
            return
        made, axes = drawn
        for side, mark in MARKS.items():
            points = [(_over_ours(row, side), place) for place, row in enumerate(rows)]
            points = [point for point in points if not math.isnan(point[0])]
            if points:
                axes.plot(*zip(*points, strict=True), mark, label=side, alpha=0.85, markersize=6)
        axes.axvline(1, color=OURS)
        for place, row in enumerate(rows):
            axes.plot([row["bar"]] * 2, [place - 0.4, place + 0.4], color=BAR, linewidth=2)
        axes.plot([], [], color=BAR, linewidth=2, label="asked of the fastest")
        names = [f"{row['cell']}{', 2 threads' * (row['threads'] > 1)}" for row in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.grid(axis="x", alpha=0.3)
        axes.set_xlabel("time of a training step over glassnet's (left of 1: faster than glassnet)")
        made.legend(loc="outside upper center", ncols=4, frameon=False)


def _over_ours(row: Row, side: str) -> float:
    """Give a side's time over ours; nan where it did not run."""
    if side not in row["sides"]:
        return math.nan
    ratio: float = row["sides"][side]["microseconds"] / row["sides"]["glassnet"]["microseconds"]
    return ratio


def plot_memory(results: Results) -> None:
    """Growth against what is asked, case by case."""
    rows = results.rows("memory")
    with figure(results, "memory", figsize=(9, 1.5 + 0.45 * len(rows))) as drawn:
        if drawn is None:
            return
        _, axes = drawn
        megabytes = [row["growth"] / 2**20 for row in rows]
        colours = [OURS if row["asked"] else OTHERS for row in rows]
        axes.barh(range(len(rows)), megabytes, 0.55, color=colours)
        for place, row in enumerate(rows):
            axes.plot([row["bar"] / 2**20] * 2, [place - 0.4, place + 0.4], color=BAR, linewidth=2)
            axes.text(megabytes[place] + 1, place, f"{megabytes[place]:.0f}", va="center")
        axes.plot([], [], color=BAR, linewidth=2, label="the bar (asked of the orange ones)")
        axes.set_yticks(range(len(rows)), [row["case"] for row in rows])
        axes.invert_yaxis()
        axes.set_xlabel("MB that memory grows by while fit runs, 60,000 × 784 numbers")
        axes.legend(frameon=False)
