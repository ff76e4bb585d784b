# SPDX-License-Identifier: MIT
"""Of catch2_cases.cc the right case passes, and the others fail with their message."""
import subprocess
import sys

said = subprocess.run([sys.argv[1]], capture_output=True, text=True).stdout
good = subprocess.run([sys.argv[1], "right"], capture_output=True, text=True)
wanted = ["is equal, bit for bit", "got   3C01  0|01111|0000000001  1.001", "want  3C00  0|01111|0000000000  1  01 inexact",
          "is within 1 ulp", "off   2 ulp", "is within the bound", "NO, 1 of 1 result is further from the exact product",
          "3 failed"]
missing = [words for words in wanted if " ".join(words.split()) not in " ".join(said.split())]
if missing or good.returncode != 0:
    sys.exit(f"not said: {missing}\n{said}\n{good.stdout}")
