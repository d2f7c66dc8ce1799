"""A recorded run: walked by line, layer, phase, batch and epoch, forwards and back.

moments.py   which step and which line, and where each kind of move leads
replay.py    steps done again, from the copies that were kept
figures.py   a figure of its history, by batches or by rows
runs.py      the run that is walked
"""

from __future__ import annotations

from glassnet.recording.moments import MOVES as MOVES
from glassnet.recording.moments import Moment as Moment
from glassnet.recording.moments import layer_of as layer_of
from glassnet.recording.runs import Recording as Recording
from glassnet.recording.runs import made_by as made_by
