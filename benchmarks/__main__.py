"""Run every benchmark and print its table: `make bench`."""

from __future__ import annotations

from benchmarks import compiled, overhead

overhead.main()
print()
compiled.main()
