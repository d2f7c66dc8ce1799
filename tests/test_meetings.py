"""Where threads meet: nothing that one writes and another reads lies on one side of a meeting."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.description import Description
from glassnet.engines.meetings import MEETING, Part, Piece, Touch, with_meetings
from glassnet.engines.team_loops import write_team_loops
from glassnet.program import Program
from glassnet.rules.layers import Activation, BatchNorm, Dense
from glassnet.rules.optimizers import SGD, Adam

ALONE, ROWS, COLUMNS, FIRST, WHOLE = Part


def piece(name: str, *touches: Touch) -> Piece:
    return Piece((name,), frozenset(touches))


def names(pieces: list[Piece]) -> list[str]:
    return ["|" if p is MEETING else p.lines[0] for p in pieces]


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (Touch("a", ROWS, True), Touch("a", ROWS), False),
        (Touch("a", ROWS, True), Touch("a", WHOLE), True),
        (Touch("a", WHOLE), Touch("a", ROWS, True), True),
        (Touch("a", WHOLE), Touch("a", WHOLE), False),
        (Touch("a", FIRST, True), Touch("a", WHOLE), True),
        (Touch("a", FIRST, True), Touch("a", FIRST), False),
        (Touch("a", ROWS, True), Touch("a", COLUMNS), True),
        (Touch("a", ROWS, True), Touch("b", WHOLE), False),
        (Touch("a", ALONE, True), Touch("a", ALONE), False),
    ],
)
def test_threads_meet_where_one_could_touch_what_another_writes(first, second, wanted):
    assert first.across(second) is wanted


def test_what_needs_no_meeting_is_done_ahead_of_it():
    pieces = [
        piece("dz2", Touch("dz2", ROWS, True)),
        piece("dW2", Touch("dz2", WHOLE), Touch("dW2", ROWS, True)),
        piece("dz1", Touch("dz2", ROWS), Touch("dz1", ROWS, True)),
        piece("dW1", Touch("dz1", WHOLE), Touch("dW1", ROWS, True)),
    ]
    (found,) = with_meetings([pieces])
    assert names(found) == ["|", "dz2", "dz1", "|", "dW2", "dW1"]


def test_a_step_is_kept_apart_from_the_one_before_it():
    read = piece("read", Touch("a", WHOLE))
    write = piece("write", Touch("a", ROWS, True))
    assert [names(s) for s in with_meetings([[read], [write]])] == [["|", "read"], ["|", "write"]]


touches = st.builds(Touch, st.sampled_from("abc"), st.sampled_from(list(Part)), st.booleans())
steps = st.lists(
    st.lists(st.frozensets(touches, max_size=3), max_size=5), min_size=1, max_size=3
).map(lambda s: [[Piece((f"{i} {j}",), t) for j, t in enumerate(p)] for i, p in enumerate(s)])


@given(steps)
def test_in_any_step_meetings_lie_between_and_the_order_holds(sections):
    found = with_meetings(sections)
    assert [sorted(p.lines for p in f if p is not MEETING) for f in found] == [
        sorted(p.lines for p in s) for s in sections
    ]
    once = list(itertools.chain(*found))
    where = {p.lines: k for k, p in enumerate(once)}
    for section in sections:
        for first, second in itertools.combinations(section, 2):
            assert not first.before(second) or where[first.lines] < where[second.lines]
    twice = once * 2
    for k, first in enumerate(twice):
        for second in twice[k + 1 :]:
            if second is MEETING:
                break
            assert not second.across(first.touches)


# ------------------------------------------------------------------------ of real programs


def meetings_in(program: Program) -> int:
    return write_team_loops(program).source.count("if not meet(")


def test_dense_layers_meet_twice_a_step():
    for short in ("2-3-1 sigmoid", "8-7-6-5-4 relu relu relu softmax"):
        assert meetings_in(Program(Description.read(short), Adam())) == 2


def test_what_needs_sums_over_the_batch_meets_for_them():
    layers = (Dense(4), BatchNorm(), Activation("relu"), Dense(3, "softmax"))
    assert meetings_in(Program(Description(3, layers), Adam())) == 6
    clipped = Program(Description.read("2-3-1 sigmoid"), SGD(0.1, clip_norm=1.0))
    assert meetings_in(clipped) == 3
