"""Run the measures that are asked for; the exit status says nothing of the figures."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import benchmarks.race
from benchmarks.race.results import Results
from benchmarks.race.sides import SIDES

MEASURES = ("steps", "cold", "compile", "predict", "memory", "growth")


def main() -> None:
    """Run what is asked for."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.race",
        description=benchmarks.race.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("measures", nargs="*", default="steps", choices=("all", *MEASURES),
                         metavar="measure", help=f"all, or {', '.join(MEASURES)}")  # fmt: skip
    options.add_argument("--cells", nargs="+", help="steps: only cells whose name holds one")
    options.add_argument("--peers", nargs="+", choices=[s for s in SIDES if s != "glassnet"],
                         help="steps: only these")  # fmt: skip
    options.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="steps: so many")
    options.add_argument("--out", type=Path, default=Path("race-output"),
                         help="folder for race.json and the plots (race-output)")  # fmt: skip
    chosen = options.parse_args()
    results = Results(chosen.out)
    machine = results.all["machine"]
    print(f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}")
    asked = [chosen.measures] if isinstance(chosen.measures, str) else chosen.measures
    named = MEASURES if "all" in asked else asked
    for name in dict.fromkeys(named):
        module = importlib.import_module(f"benchmarks.race.{name}")
        print(f"\n{module.__doc__}", flush=True)
        module.measure(results, chosen)
    print(f"\nAll figures: {results.file}")


if __name__ == "__main__":
    main()
