# SPDX-License-Identifier: MIT
"""A sweep of three points that takes a moment."""

SWEEP = {
    "experiment": "linear_regression",
    "seed": 1,
    "repeats": 4,
    "problem": {"dimension": 64, "spectrum_exponent": 2, "sketch_size": 8, "noise_variance": 1},
    "training": {"samples": 256, "step_size": 0.1, "schedule": "geometric_decay"},
    "policy": {"feature": "bfloat16"},
    "sweep": {"/problem/sketch_size": [4, 8, 16]},
}
