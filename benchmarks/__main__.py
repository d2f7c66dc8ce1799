"""Run every benchmark and print its table."""

from __future__ import annotations

from benchmarks import compiled, elementary, folds, overhead

overhead.main()
print()
elementary.main()
print()
compiled.main()
print()
folds.main()
