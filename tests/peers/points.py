# SPDX-License-Identifier: MIT
"""Where rounding is decided: numbers around those of a format, as arrays of binary64."""

import random

import numpy as np


def around(grid):
    """grid: finite numbers of a format, increasing. Themselves, points between neighbours, the
    middles and their binary64 neighbours, what lies beyond both ends, and special values."""
    gaps = np.diff(grid)
    between = [grid[:-1] + gaps * share for share in (0.25, 1 / 3, 0.75)]
    middles = grid[:-1] + gaps / 2
    end = grid[-1]
    step = gaps[-1]
    with np.errstate(over="ignore"):
        beyond = end + step * np.array([0.25, 0.4375, 0.5, 0.5625, 1, 1.5, 2, 1e3])
        beyond = np.concatenate([beyond, np.nextafter(beyond, 0), np.nextafter(beyond, np.inf)])
    least = np.min(np.abs(grid[grid != 0]))
    below = least * np.array([2.0**-60, 0.25, 0.5, 0.75])
    below = np.concatenate([below, np.nextafter(below, 0), np.nextafter(below, np.inf)])
    special = np.array([0, np.inf, 5e-324, 2.0**-1022, 1.0, 3.0, 1e300])
    one_sign = np.concatenate([beyond, below, special, [end]])
    return np.concatenate([
        grid, middles, np.nextafter(middles, -np.inf), np.nextafter(middles, np.inf), *between,
        one_sign, -one_sign, [np.nan],
    ])  # fmt: skip


def sample(grid, count, seed):
    """Runs of three neighbours out of a longer grid, its ends and its middle among them."""
    if len(grid) <= count:
        return grid
    draw = random.Random(seed)
    starts = [0, 1, len(grid) // 2 - 2, len(grid) // 2, len(grid) - 3]
    starts += [draw.randrange(len(grid) - 2) for _ in range(count // 3)]
    return grid[sorted({start + i for start in starts for i in range(3)})]


def drawn_bits(bits, count, seed):
    """Random codes."""
    draw = random.Random(seed)
    return np.array([draw.getrandbits(bits) for _ in range(count)], np.uint64)
