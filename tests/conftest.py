"""For all tests: the same random examples on every run, so that a red run can be run again."""

from hypothesis import settings

settings.register_profile("same examples", derandomize=True, deadline=None)
settings.load_profile("same examples")
