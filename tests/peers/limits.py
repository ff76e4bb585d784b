# SPDX-License-Identifier: MIT
"""What a number is, and where it lies, in words that the lists of differences use."""

import numpy as np


def kind(x):
    """Of any number: nan, infinite, zero or finite."""
    if np.isnan(x):
        return "nan"
    if np.isinf(x):
        return "infinite"
    return "zero" if x == 0 else "finite"


def sign(x):
    return "negative" if np.signbit(x) else "positive"


def yes(truth):
    return "yes" if truth else "no"


class Limits:
    """The ends of a format; finite: all its finite numbers, or some with the ends and the least
    magnitude among them, increasing."""

    def __init__(self, finite):
        self.first = finite[0]
        self.last = finite[-1]
        magnitudes = np.abs(finite[finite != 0])
        self.least = np.min(magnitudes) if len(magnitudes) else 0

    def kind(self, x):
        """Of a number of the format; its least and largest magnitudes have words of their own."""
        if kind(x) != "finite":
            return kind(x)
        if abs(x) == self.least:
            return "least"
        return "largest" if x in (self.first, self.last) else "finite"

    def place(self, x):
        """Of any number; nothing of infinities and NaN."""
        if not np.isfinite(x):
            return ""
        if x > self.last or x < self.first < 0:
            return "beyond_largest"
        if x < min(self.first, 0):
            return "negative_below_least" if -x < self.least else "negative"
        return "below_least" if x < self.first or 0 < abs(x) < self.least else "between"
