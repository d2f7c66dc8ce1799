"""Run every benchmark and print its table."""

from __future__ import annotations

from benchmarks import compiled, elementary, overhead

overhead.main()
print()
elementary.main()
print()
compiled.main()
