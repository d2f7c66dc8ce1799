"""A debugger for a recorded run: keys lead through it, and breakpoints stop it. It prints nothing.

keys.py         the keys, and how a text of them is read
breakpoints.py  where a run is to stop
control.py      keys → moves; what is looked at
"""

from __future__ import annotations

from glassnet.debugger.breakpoints import Breakpoints as Breakpoints
from glassnet.debugger.control import Debugger as Debugger
from glassnet.debugger.keys import KEYS as KEYS
from glassnet.debugger.keys import Press as Press
from glassnet.debugger.keys import presses_in as presses_in
