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
MARKS = {
    "jax": "D",
    "jax_nested": "d",
    "torch": "s",
    "torch_compiled": "^",
    "keras": "v",
    "sklearn": "o",
    "numpy": "P",
}


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
        axes.xaxis.set_major_formatter("{x:g}")
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


def plot_cold(results: Results) -> None:
    """Seconds of a whole process."""
    rows = sorted(results.rows("cold"), key=lambda row: float(row["seconds"]))
    with figure(results, "cold", figsize=(8, 1.4 + 0.4 * len(rows))) as drawn:
        if drawn is None:
            return
        _, axes = drawn
        seconds = [row["seconds"] for row in rows]
        colours = [OURS if "glassnet" in row["program"] else OTHERS for row in rows]
        axes.barh(range(len(rows)), seconds, 0.6, color=colours)
        for place, value in enumerate(seconds):
            axes.text(value + 0.02, place, f"{value:.2f}", va="center")
        axes.set_yticks(range(len(rows)), [row["program"] for row in rows])
        axes.invert_yaxis()
        axes.set_xlabel("seconds of a process that imports, and trains 64-100-10 for 50 epochs")


def plot_compile(results: Results) -> None:
    """Seconds of the first compile by the number of layers, under the line that is asked."""
    rows = results.rows("compile")
    with figure(results, "compile", figsize=(8, 4.5)) as drawn:
        if drawn is None:
            return
        _, axes = drawn
        layers = [row["layers"] for row in rows]
        axes.plot(layers, [r["first"] for r in rows], "o-", color=OURS, label="first compile ever")
        axes.plot(layers, [r["again"] for r in rows], "s-", color=OTHERS, label="from the cache")
        axes.plot(layers, [r["bar"] for r in rows], color=BAR, linewidth=2,
                  label="asked of the first")  # fmt: skip
        axes.set(xlabel="dense layers", xticks=layers, ylabel="seconds", ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)


def plot_growth(results: Results) -> None:
    """Seconds of a fit against rows, epochs and parameters, beside a line in proportion."""
    rows = results.rows("growth")
    with figure(results, "growth", figsize=(12, 4), ncols=len(rows), sharey=True) as drawn:
        if drawn is None:
            return
        _, all_axes = drawn
        for row, axes in zip(rows, all_axes, strict=True):
            amounts, seconds = row["amounts"], row["seconds"]
            line = [seconds[-1] * amount / amounts[-1] for amount in amounts]
            axes.plot(amounts, line, color=BAR, linewidth=1, label="in proportion to the last")
            label = f"measured, power {row['power']:.2f}"
            axes.plot(amounts, seconds, "o-", color=OURS, label=label)
            axes.set(xscale="log", yscale="log", xlabel=row["of"])
            axes.grid(alpha=0.3)
            axes.legend(frameon=False)
        all_axes[0].set_ylabel("seconds of a fit")


def plot_predict(results: Results) -> None:
    """Rows a second of each side, by network and batch."""
    rows = results.rows("predict")
    sides = list(rows[0]["rows_a_second"])
    with figure(results, "predict", figsize=(10, 4.5)) as drawn:
        if drawn is None:
            return
        _, axes = drawn
        width = 0.8 / len(sides)
        greys = iter(("#334155", "#64748b", "#94a3b8", "#cbd5e1"))
        for place, side in enumerate(sides):
            speeds = [row["rows_a_second"].get(side, math.nan) for row in rows]
            at = [k + (place - (len(sides) - 1) / 2) * width for k in range(len(rows))]
            colour = OURS if side == "glassnet" else next(greys)
            axes.bar(at, speeds, width * 0.92, color=colour, label=side)
        axes.set_xticks(range(len(rows)), [row["case"].replace(", ", "\n") for row in rows])
        axes.set(yscale="log", ylabel="rows a second")
        axes.grid(axis="y", alpha=0.3)
        axes.legend(frameon=False, ncols=len(sides))
