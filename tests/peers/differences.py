# SPDX-License-Identifier: MIT
"""Counts what is compared, and holds every difference against the list of those that are known
and right: a JSON file with, for each, the condition, the reason, the source and how many cases it
covers, a check each. A difference that no entry covers fails, and so does an entry that covers
another number than it states."""

import collections
import json
import pathlib

import numpy as np

SHOWN = 20


class Differences:
    def __init__(self, peer):
        path = pathlib.Path(__file__).with_name(f"{peer}_differences.json")
        self.entries = json.loads(path.read_text())["differences"]
        self.checks = collections.Counter()
        self.explained = collections.Counter()
        self.covered = collections.Counter()  # by (index of the entry, check)
        self.failures = 0

    def compare(self, check, equal, facts):
        """equal: an array of truths; facts(i): what is known of case i, a dictionary of texts."""
        self.checks[check] += len(equal)
        for i in np.flatnonzero(~equal).tolist():
            self.differ(check, facts(i))

    def differ(self, check, facts):
        for index, entry in enumerate(self.entries):
            if check in entry["cases"] and fits(entry["when"], facts):
                self.explained[check] += 1
                self.covered[index, check] += 1
                return
        words = " ".join(f"{key}={value}" for key, value in facts.items())
        self.fail(f"{check}: {words}")

    def fail(self, line):
        self.failures += 1
        if self.failures <= SHOWN:
            print("FAILED:", line)

    def status(self):
        """Prints the counts; answers the status of the process: 0 if all is well, otherwise 1."""
        for index, entry in enumerate(self.entries):
            for check, stated in entry["cases"].items():
                found = self.covered[index, check]
                if found != stated:
                    print(f"FAILED: {check}: {found} cases, not {stated}: {entry['reason']}")
                    self.failures += 1
        for check, count in self.checks.items():
            print(f"{check}: {count} checks, {self.explained[check]} explained differences")
        total = sum(self.checks.values())
        print(f"{total} checks, {sum(self.explained.values())} explained, {self.failures} failures")
        return 0 if total > 0 and self.failures == 0 else 1


def fits(condition, facts):
    """A condition names facts, each with one value or a list of those it may have."""
    return all(
        facts.get(key) in (value if isinstance(value, list) else [value])
        for key, value in condition.items()
    )


def same(a, b):
    """Equality of numbers, of the signs of zeros too; every NaN equals every NaN."""
    return (np.isnan(a) & np.isnan(b)) | ((a == b) & (np.signbit(a) == np.signbit(b)))
