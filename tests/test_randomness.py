"""The hash that stands for a generator: a bijection, well mixed, and the numbers it promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import loops
from glassnet.rules.randomness import (
    MASK,
    ORDER,
    keep_mask,
    key,
    mask_key,
    mix,
    normal_noise,
    normal_tables,
    order_of_rows,
    threshold,
)

RANDOM = np.random.RandomState(0).randint(0, 2**32, 2**16, dtype=np.uint64).astype(np.uint32)
SIGMAS = 5  # one fair test in two million is further off; the inputs are fixed, so none here is


def unmix(x):
    """Undo mix: odd factors have inverses modulo 2^32, and a shifted xor is undone by repeating."""
    x = int(x)
    x ^= (x >> 15) ^ (x >> 30)
    x = x * pow(0xD35A2D97, -1, 2**32) % 2**32
    x ^= (x >> 15) ^ (x >> 30)
    x = x * pow(0x21F0AAAD, -1, 2**32) % 2**32
    return x ^ (x >> 16)


def signs(seed=0, step=0, layer=1, shape=(512, 256), chance=0.5):
    """Give a mask as −1 and 1, so that products of two masks average to 0."""
    kept = keep_mask(mask_key(seed, step, layer), *shape, chance, 1.0, np.float64)
    return 2 * kept - 1


def sigmas_of(counts, expected):
    """Give how far χ² of counts lies from its mean, in standard deviations of it."""
    freedom = np.size(counts) - 1
    squares = np.sum((np.asarray(counts) - expected) ** 2 / expected)
    return abs(squares - freedom) / np.sqrt(2 * freedom)


# ---------------------------------------------------------------------------------- the mixer


def test_mix_can_be_undone():
    assert [unmix(h) for h in mix(RANDOM[:5000])] == RANDOM[:5000].tolist()
    edges = np.array([0, 1, 2**31, 2**32 - 1], np.uint32)
    assert [unmix(h) for h in mix(edges)] == edges.tolist()


def test_mix_gives_different_numbers_for_different_numbers():
    for start in (0, 2**31, 2**32 - 2**18):
        row = np.arange(start, start + 2**18, dtype=np.uint64).astype(np.uint32)
        assert len(np.unique(mix(row))) == len(row)


def test_mix_is_that_of_whole_numbers_by_hand():
    assert mix(RANDOM[:2000]).tolist() == [loops.mix(int(x)) for x in RANDOM[:2000]]
    assert mix(RANDOM).dtype == np.uint32
    with np.errstate(over="ignore"):  # a lone number warns where an array wraps around
        assert mix(np.uint32(7)) == loops.mix(7)


def test_each_bit_in_changes_half_of_the_bits_out():
    before = mix(RANDOM)
    for bit in range(32):
        changed = before ^ mix(RANDOM ^ np.uint32(1 << bit))
        flips = [np.mean((changed >> np.uint32(out)) & np.uint32(1)) for out in range(32)]
        assert np.all(np.abs(np.array(flips) - 0.5) < 0.02), f"bit {bit}"


def test_neighbouring_numbers_share_no_bits():
    changed = mix(np.arange(2**16, dtype=np.uint32)) ^ mix(np.arange(1, 2**16 + 1, dtype=np.uint32))
    flips = [np.mean((changed >> np.uint32(out)) & np.uint32(1)) for out in range(32)]
    assert np.all(np.abs(np.array(flips) - 0.5) < 0.02)


def test_hashes_of_neighbours_are_spread_evenly():
    hashes = mix(np.arange(2**18, dtype=np.uint32))
    for shift in (24, 12, 0):
        counts = np.bincount((hashes >> np.uint32(shift)) & np.uint32(255), minlength=256)
        assert sigmas_of(counts, 2**10) < SIGMAS


# ------------------------------------------------------------------------------------- keys


def test_keys_are_those_of_whole_numbers_by_hand():
    for seed in (0, 1, 2**32, 2**63 + 5):
        for place in ((0,), (1, 2), (2**31, 0, 7)):
            assert key(seed, ORDER, *place) == loops.key(seed, loops.ORDER, *place)
    assert (ORDER, MASK) == (loops.ORDER, loops.MASK)


def test_every_part_of_a_place_changes_the_key():
    keys = {
        key(seed, purpose, step, layer)
        for seed in (0, 1, 2, 2**32, 2**33, 2**63)
        for purpose in (ORDER, MASK)
        for step in range(50)
        for layer in range(10)
    }
    assert len(keys) > 6 * 2 * 50 * 10 - 3  # of 6,000 keys of 32 bits, hardly two are equal


def test_parts_of_a_place_do_not_stand_for_each_other():
    assert mask_key(0, 1, 2) != mask_key(0, 2, 1)
    assert mask_key(1, 0, 1) != mask_key(0, 1, 1)
    assert mask_key(0, 2**32, 1) != mask_key(0, 0, 1)
    assert mask_key(2**32, 0, 1) != mask_key(0, 0, 1)


def test_keys_of_neighbours_are_spread_evenly():
    keys = np.array([mask_key(seed, step, 1) for seed in range(20) for step in range(200)])
    assert sigmas_of(np.bincount(keys >> 26, minlength=64), len(keys) / 64) < SIGMAS


# ------------------------------------------------------------------------------------- masks


def test_masks_are_those_of_whole_numbers_by_hand():
    for step, chance in ((0, 0.5), (7, 0.8), (2**33 + 1, 0.1)):
        mask = keep_mask(mask_key(5, step, 3), 6, 9, chance, 2.0, np.float32)
        wanted = [
            [2.0 * loops.kept(5, step, 3, row, column, chance) for column in range(9)]
            for row in range(6)
        ]
        assert mask.tolist() == wanted
        assert mask.dtype == np.float32


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("chance", [0.02, 0.1, 0.5, 0.8, 0.98])
def test_a_mask_keeps_its_part_and_the_sum(chance, dtype):
    mask = keep_mask(mask_key(1, 2, 3), 500, 400, chance, 1 / chance, dtype)
    assert np.unique(mask).tolist() == [0, float(np.dtype(dtype).type(1 / chance))]
    spread = np.sqrt(chance * (1 - chance) / mask.size)
    assert abs(np.mean(mask > 0) - chance) < SIGMAS * spread
    assert abs(np.mean(mask, dtype=float) - 1) < SIGMAS * spread / chance


def test_a_mask_keeps_as_many_in_every_row_and_column():
    kept = signs(shape=(1024, 512)) > 0
    for axis, size in ((0, 1024), (1, 512)):
        squares = np.sum((kept.sum(axis=axis) - size / 2) ** 2) / (size / 4)
        count = kept.shape[1 - axis]
        assert abs(squares - count) / np.sqrt(2 * count) < SIGMAS


def test_a_chance_of_1_keeps_every_number():
    highest = unmix(unmix(2**32 - 1))  # the key of the mask whose first hash is the highest one
    assert keep_mask(highest, 1, 1, 1.0, 1.0, np.float64)[0, 0] == 1.0


def test_the_threshold_is_that_part_of_all_hashes():
    for chance in (0.1, 0.5, 0.999):
        assert (threshold(chance) + 1) / 2**32 == pytest.approx(chance, abs=2**-32)


def test_masks_of_more_rows_begin_with_the_same_rows():
    few = keep_mask(9, 3, 5, 0.5, 2.0, np.float32)
    many = keep_mask(9, 8, 7, 0.5, 2.0, np.float32)
    np.testing.assert_array_equal(many[:3, :5], few)


def correlation(a, b):
    """Give the mean product of two fields of −1 and 1, in standard deviations of fair ones."""
    return abs(float(np.mean(a * b))) * np.sqrt(a.size)


@pytest.mark.parametrize("apart", [1, 2, 3, 4, 8, 16, 64, 128])
def test_neighbouring_rows_and_columns_are_independent(apart):
    field = signs()
    assert correlation(field[apart:], field[:-apart]) < SIGMAS
    assert correlation(field[:, apart:], field[:, :-apart]) < SIGMAS
    assert correlation(field[apart:, apart:], field[:-apart, :-apart]) < SIGMAS
    assert correlation(field[apart:, :-apart], field[:-apart, apart:]) < SIGMAS


@pytest.mark.parametrize("apart", [1, 2, 3, 4, 8, 256, 2**31])
def test_neighbouring_steps_seeds_and_layers_are_independent(apart):
    for seed in (0, 1, 12345):
        field = signs(seed)
        assert correlation(field, signs(seed + apart)) < SIGMAS
        assert correlation(field, signs(seed + 2**32 * apart)) < SIGMAS
        assert correlation(field, signs(seed, step=apart)) < SIGMAS
        assert correlation(field, signs(seed, layer=1 + apart)) < SIGMAS
        assert correlation(field, signs(seed + apart, step=apart)) < SIGMAS


def test_threes_of_neighbours_are_independent():
    field = signs(shape=(512, 512))
    for a, b, c in ((0, 1, 2), (0, 1, 3), (0, 2, 4)):
        rows = field[a:500] * field[b : 500 + b - a] * field[c : 500 + c - a]
        columns = field[:, a:500] * field[:, b : 500 + b - a] * field[:, c : 500 + c - a]
        assert abs(np.mean(rows)) * np.sqrt(rows.size) < SIGMAS
        assert abs(np.mean(columns)) * np.sqrt(columns.size) < SIGMAS


def test_one_number_of_a_layer_is_kept_by_chance_from_step_to_step():
    kept = np.array(
        [keep_mask(mask_key(0, step, 1), 1, 8, 0.5, 1.0, np.float64)[0] for step in range(4000)]
    )
    assert np.all(np.abs(kept.mean(axis=0) - 0.5) < SIGMAS * 0.5 / np.sqrt(4000))
    field = 2 * kept - 1
    for apart in (1, 2, 7, 64):
        assert correlation(field[apart:], field[:-apart]) < SIGMAS


# ------------------------------------------------------------------------------------- noise


def noise(seed=0, step=0, layer=1, shape=(1024, 1024), spread=1.0, dtype=np.float64):
    return normal_noise(mask_key(seed, step, layer), *shape, spread, dtype)


def test_noise_is_that_of_whole_numbers_by_hand():
    for step in (0, 2**33 + 1):
        found = noise(5, step, 3, (4, 3), 0.5)
        wanted = [[0.5 * loops.normal(5, step, 3, i, j) for j in range(3)] for i in range(4)]
        np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=2e-4)  # of the loops' own slices


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_noise_has_the_same_bits_in_every_row_and_type(dtype):
    found = noise(shape=(3, 5), spread=0.3, dtype=dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(noise(shape=(9, 8), spread=0.3, dtype=dtype)[:3, :5], found)
    np.testing.assert_allclose(found, noise(shape=(3, 5), spread=0.3), rtol=1e-7)


def test_the_distribution_of_noise_is_normal_beyond_what_chance_could_hide():
    """All 2**24 numbers that can come, each equally likely: no sample, no luck."""
    coarse, fine = (table.astype(np.float64) for table in normal_tables())
    every = np.sort((coarse[:, None] + fine).ravel())
    assert abs(np.mean(every)) < 1e-8
    assert np.mean(every**2) == pytest.approx(1, abs=1e-6)
    assert abs(np.mean(every**3)) < 1e-6
    assert np.mean(every**4) == pytest.approx(3, abs=2e-3)
    places = np.arange(len(every))
    share = stats.norm.cdf(every)
    apart = max(np.max(share - places / len(every)), np.max((places + 1) / len(every) - share))
    assert apart < 1e-4
    for spreads, off in ((1, 1e-3), (2, 1e-3), (3, 0.005), (4, 0.1)):  # the part that lies beyond
        beyond = np.mean(np.abs(every) > spreads)
        assert beyond == pytest.approx(2 * stats.norm.sf(spreads), rel=off)
    assert 5.1 < every[-1] == -every[0] < 5.3


def test_noise_passes_the_tests_of_a_normal_sample():
    for seed in range(3):
        numbers = noise(seed).ravel()
        assert stats.kstest(numbers, "norm").pvalue > 1e-3
        assert abs(numbers.mean()) < SIGMAS / np.sqrt(numbers.size)
        assert abs(numbers.var() - 1) < SIGMAS * np.sqrt(2 / numbers.size)
        assert abs(stats.skew(numbers)) < SIGMAS * np.sqrt(6 / numbers.size)
        assert abs(stats.kurtosis(numbers)) < SIGMAS * np.sqrt(24 / numbers.size)
    assert noise(spread=0.1).std() == pytest.approx(0.1, rel=1e-2)
    assert not noise(spread=0).any()


@pytest.mark.parametrize("apart", [1, 2, 3, 4, 8, 16, 64, 128])
def test_noise_of_neighbours_is_independent(apart):
    for power in (1, 2):
        field = noise() ** power
        field = (field - field.mean()) / field.std()
        assert correlation(field[apart:], field[:-apart]) < SIGMAS
        assert correlation(field[:, apart:], field[:, :-apart]) < SIGMAS
        for other in (noise(step=apart), noise(layer=1 + apart), noise(seed=apart)):
            own = other**power
            assert correlation(field, (own - own.mean()) / own.std()) < SIGMAS


# ------------------------------------------------------------------------------------ orders


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 1000])
def test_an_order_is_a_permutation(rows):
    order = order_of_rows(3, 4, rows)
    assert order.dtype == np.int64
    assert sorted(order.tolist()) == list(range(rows))


def test_orders_are_those_of_whole_numbers_by_hand():
    for seed, epoch in ((0, 0), (7, 100), (2**40, 3)):
        assert order_of_rows(seed, epoch, 50).tolist() == loops.order_of_rows(seed, epoch, 50)


@pytest.mark.parametrize("neighbours", ["epochs", "seeds"])
def test_every_row_comes_to_every_place_equally_often(neighbours):
    rows, draws = 8, 4000
    counts = np.zeros((rows, rows))
    for n in range(draws):
        order = order_of_rows(*((0, n) if neighbours == "epochs" else (n, 0)), rows)
        counts[np.arange(rows), order] += 1
    freedom = (rows - 1) ** 2
    squares = np.sum((counts - draws / rows) ** 2 / (draws / rows)) * (rows - 1) / rows
    assert abs(squares - freedom) / np.sqrt(2 * freedom) < SIGMAS


def test_every_order_of_four_rows_comes_equally_often():
    seen = [tuple(order_of_rows(1, epoch, 4)) for epoch in range(4800)]
    counts = np.unique(seen, axis=0, return_counts=True)[1]
    assert len(counts) == 24
    assert sigmas_of(counts, 200) < SIGMAS


def test_orders_of_neighbours_have_nothing_in_common():
    for a, b in (((0, 0), (0, 1)), ((0, 0), (1, 0)), ((0, 1), (1, 0)), ((0, 0), (2**32, 0))):
        found = np.corrcoef(order_of_rows(*a, 4000), order_of_rows(*b, 4000))[0, 1]
        assert abs(found) * np.sqrt(4000) < SIGMAS


# ----------------------------------------------------- the numbers that are promised for good


def test_golden_numbers():
    assert [loops.mix(x) for x in (0, 1, 2, 2**32 - 1)] == GOLDEN_MIX
    assert mix(np.array([0, 1, 2, 2**32 - 1], np.uint32)).tolist() == GOLDEN_MIX
    assert [key(0, ORDER, 0), key(0, MASK, 0), key(2**63, ORDER, 5)] == GOLDEN_KEYS
    assert [mask_key(0, 0, 1), mask_key(7, 2**33, 2)] == GOLDEN_MASK_KEYS
    assert order_of_rows(0, 0, 12).tolist() == GOLDEN_ORDER
    kept = keep_mask(mask_key(0, 0, 1), 3, 16, 0.5, 1.0, np.float64).astype(int)
    assert ["".join(map(str, row)) for row in kept] == GOLDEN_MASK
    np.testing.assert_allclose(noise(shape=(1, 6), dtype=np.float32)[0], GOLDEN_NOISE, atol=1e-7)


GOLDEN_MIX = [0, 114555507, 229111015, 3652544131]
GOLDEN_KEYS = [3907800677, 2600835506, 2062908293]
GOLDEN_MASK_KEYS = [3295333777, 3926076076]
GOLDEN_ORDER = [5, 10, 8, 7, 4, 3, 1, 9, 6, 0, 11, 2]
GOLDEN_MASK = ["0100010011100111", "0011110101001111", "1110110001100000"]
GOLDEN_NOISE = [1.5348828, -0.0004283, 2.0034308, -0.3833547, 1.9781026, -0.7026355]
