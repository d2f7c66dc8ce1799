"""The checkers stand in the folder above, which pytest does not search from here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
