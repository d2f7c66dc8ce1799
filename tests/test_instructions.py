"""Functions that are written as instructions: what Python says, and Numba's types."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from glassnet.engines.compiled import FREEDOMS, compiled, inlined, merged
from glassnet.engines.written import Written

real = np.float32
TABLE = np.arange(5, dtype=np.float32) ** 2
PAIR = (np.float32(0.5), np.float32(0.25))


def written(function, *arguments):
    """Call a function as instructions, and make sure that it is not left to Numba."""
    made = Written(function, {"contract"})

    @njit(error_model="numpy")
    def call(arguments):
        return made(*arguments)

    found = call(arguments)
    assert made.known, "left to Numba"
    return found


def same(function, *arguments):
    found, expected = written(function, *arguments), function(*arguments)
    np.testing.assert_array_equal(found, expected)
    return found


def test_whole_numbers_are_divided_downwards():
    def parts(a, b):
        return a // b, a % b, a // 3, a % 3

    for a in (-7, -6, -1, 0, 1, 5, 7):
        for b in (-3, 2, 4):
            same(parts, a, b)


def test_whole_numbers_have_the_bits_that_are_asked_for():
    def scattered(x):
        x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD))
        return np.uint32(x ^ (x >> np.uint32(15)))

    with np.errstate(over="ignore"):
        for number in (0, 1, 77, 2**31, 2**32 - 1):
            same(scattered, np.uint32(number))


def test_bits_of_a_number_are_seen_as_those_of_another():
    def halved(x):
        return np.int32(real(x).view(np.int32) - np.int32(1 << 23)).view(np.float32)

    assert same(halved, np.float32(3.0)) == 1.5


def test_numbers_meet_in_the_wider_type():
    def total(x):
        whole = 0.0
        for i in range(x.size):
            whole += x[i]
        return whole, whole * real(2.0), x[0] * real(2.0), x.shape[0] / 2

    x = np.array([1e8, 1.0, -1e8], np.float32)
    found = written(total, x)
    assert found == njit(total)(x) == (1.0, 2.0, 2e8, 1.5)
    assert type(found[2]) is type(njit(total)(x)[2])


def test_loops_choices_and_ends():
    def first_above(x, limit, step):
        found, looked = -1, 0
        for i in range(0, x.shape[0], step):
            for j in range(x.shape[1]):
                if x[i, j] < 0:
                    continue
                looked += 1
                if x[i, j] > limit:
                    found = i * x.shape[1] + j
                    break
            if found >= 0:
                return found, looked
        while looked > 10 and x[looked % 6, looked % 7] < limit:
            looked -= 1
        return found, looked

    x = np.random.RandomState(0).normal(size=(6, 7)).astype(np.float32)
    for limit in (-3.0, 0.5, 1.5, 9.0):
        for step in (1, 2):
            same(first_above, x, np.float32(limit), step)


@pytest.mark.parametrize("order", ["C", "F", "every second"])
def test_arrays_may_stand_in_any_order(order):
    x = np.arange(24, dtype=np.float64).reshape(4, 6)
    x = x[::2, ::3] if order == "every second" else np.array(x, order=order)

    def differences(x, out):
        for i in range(x.shape[0]):
            for j in range(x.shape[1] - 1):
                out[i, j] = x[i, j + 1]
                out[i, j] -= x[i, j]

    ours, theirs = np.zeros((4, 6)), np.zeros((4, 6))
    written(differences, x, ours)
    differences(x, theirs)
    np.testing.assert_array_equal(ours, theirs)


def test_what_is_not_needed_is_not_read():
    def chosen(x, place, there):
        inside = place < x.size and x[place] > 0.0
        either = place >= x.size or x[place] > 0.0
        return x[place] if there else 0.0, inside, either

    x = np.ones(1)
    assert written(chosen, x, 1 << 40, False) == (0.0, False, True)
    assert written(chosen, x, 0, True) == (1.0, True, True)


def test_names_keep_their_values_through_branches_and_loops():
    def swapped(a, b, times):
        for _ in range(times):
            a, b = b, a + b
        if a > b:
            a, b = b, a
        else:
            a = a * 2
        return a, b

    for times in (0, 1, 5):
        same(swapped, 5, 3, times)


def test_tuples_are_taken_apart_and_put_together():
    def kept(numbers, x):
        a, (b, c) = numbers[0], numbers[1:]
        x[0], x[1] = c, b
        sums = (a, b)
        for _ in range(3):
            sums = (sums[0] + sums[1], sums[1])
        return sums

    x = np.zeros(2)
    assert written(kept, (1.0, 2.0, 3.0), x) == (7.0, 2.0)
    assert x.tolist() == [3.0, 2.0]


def test_numbers_from_outside_are_constants():
    def looked_up(place):
        near, far = PAIR
        return TABLE[place] * near + far

    assert same(looked_up, 3) == 4.75


@inlined
def twice(x):
    return x + x


@merged
def both(x):
    return twice(x), x


@compiled
def add_twice(x, out):
    for i in range(x.size):
        more, once = both(x[i])
        out[i] = more + once


def test_functions_call_each_other_and_are_called_by_python():
    x, out = np.arange(3.0), np.empty(3)
    add_twice(x, out)
    assert out.tolist() == [0.0, 3.0, 6.0]
    assert both(np.float32(2)) == (4.0, 2.0)
    assert "glassnet.add_twice" in "".join(add_twice.inspect_llvm().values())


def test_what_cannot_be_written_is_left_to_numba():
    @compiled
    def ordered(x):
        return np.sort(x)[0]

    @compiled
    def calls_it(x, out):
        out[0] = ordered(x)

    out = np.zeros(1)
    calls_it(np.array([3.0, 1.0, 2.0]), out)
    assert out[0] == 1.0
    assert not calls_it.known


@pytest.mark.parametrize("changed", ["a", "b"])
def test_a_name_that_changes_its_type_on_the_way_is_left_to_numba(changed):
    def sometimes(times):
        a = 1
        for _ in range(times):
            a = a / 2
        return a

    def in_a_branch(times):
        b = 1
        if times > 3:
            b = 0.5
        return b

    function = sometimes if changed == "a" else in_a_branch
    made = compiled(function)
    assert made(2) == function(2)
    assert not made.known


def test_a_sum_is_regrouped_only_where_it_may_be():
    def lost(x, big):
        return (x + big) - big

    kept = Written(lost, {"contract"})
    freed = Written(lost, FREEDOMS)
    assert kept(np.float32(0.3), np.float32(2.0**23)) == 0.0
    assert freed(np.float32(0.3), np.float32(2.0**23)) == np.float32(0.3)
