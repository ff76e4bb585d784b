# SPDX-License-Identifier: MIT
"""The program `halfulp cast` as a function from codes to codes, one process a call."""

import concurrent.futures
import functools
import os
import subprocess

import numpy as np


class Inputs:
    """Codes, an array of unsigned integers, and for stochastic rounding the random bits of each."""

    def __init__(self, codes, random=None):
        self.codes = codes
        self.random = random

    @functools.cached_property
    def text(self):
        if self.random is None:
            tokens = [f"{code:x}" for code in self.codes.tolist()]
        else:
            pairs = zip(self.codes.tolist(), self.random.tolist())
            tokens = [f"{code:x}/{bits:#x}" for code, bits in pairs]
        return "\n".join(tokens).encode()


class Halfulp:
    def __init__(self, program):
        self.program = os.path.abspath(program)

    def cast(self, inputs, source, target, *options):
        """The codes of `target` that the inputs, codes of `source`, become."""
        # Hexadecimal values, which are not read here, are quicker to print than decimal ones.
        call = [self.program, "cast", "--hex", "--codes", "--from", source, "--to", target, *options]
        done = subprocess.run(call, input=inputs.text, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(call)}: {done.stderr.decode().strip()}")
        answers = np.array([int(code, 16) for code in done.stdout.split()[::3]], np.uint64)
        if len(answers) != len(inputs.codes):
            raise RuntimeError(f"{' '.join(call)}: {len(answers)} answers to {len(inputs.codes)}")
        return answers

    def values(self, source, codes):
        """The numbers of codes of a format that binary64 holds."""
        return self.cast(Inputs(codes), source, "binary64").view(np.float64)


def in_parallel(function, tasks):
    """function(task) of every task, in order, on as many threads as the machine has processors."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as executor:
        return list(executor.map(function, tasks))
