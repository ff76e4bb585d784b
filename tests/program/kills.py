# SPDX-License-Identifier: MIT
#
# Two runs on one output, killed at random places a hundred times over: whatever happens, a result
# that stands at the output is the result, no line of a journal is damaged, and in the end one call
# finishes the work and leaves nothing else behind.
#
#   kills.py PROGRAM [KILLS [SEED]]
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

CONFIG = """{
  "experiment": "linear_regression", "seed": 1, "repeats": 12,
  "problem": {"dimension": 32, "spectrum_exponent": 2, "noise_variance": 1},
  "training": {"samples": 2048, "step_size": 0.1},
  "sweep": {"/problem/sketch_size": [4, 8, 16, 24],
            "/policy/feature": ["binary64", {"format": "float8_e4m3fn", "rounding": "stochastic"}]}
}"""


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(10**9)
    print(f"seed {seed}")
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "config.json").write_text(CONFIG)
        call = [program, "run", "config.json", "--no-run-info", "--quiet", "--threads", "1", "-o"]

        def start(*options):
            return subprocess.Popen(call + ["r.json", *options], cwd=folder, text=True,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

        began = time.monotonic()
        subprocess.run(call + ["want.json"], cwd=folder, check=True)
        length = time.monotonic() - began
        want = (folder / "want.json").read_bytes()
        result = folder / "r.json"
        faults = []

        def check(when, text):
            if "damaged" in text or "internal" in text or "intact" in text:
                faults.append(f"{when}: {text}")
            if result.exists() and result.read_bytes() != want:
                faults.append(f"{when}: another result")

        finished = 0
        for number in range(kills):
            runs = [start("--resume"), start("--resume")]
            first = draw.randrange(2)
            time.sleep(draw.uniform(0, 0.6 * length))
            runs[first].send_signal(signal.SIGKILL)
            check(f"kill {number}", runs[first].communicate()[1])
            # The other one lives on for a moment, or to its end.
            if draw.random() < 0.8:
                time.sleep(draw.uniform(0, 0.1 * length))
                runs[1 - first].send_signal(signal.SIGKILL)
            check(f"kill {number}, the other", runs[1 - first].communicate()[1])
            if result.exists():
                finished += 1
                # As often as not the next run starts over the finished result.
                if draw.random() < 0.5:
                    result.unlink()
        last = start("--resume")
        check("the last run", last.communicate()[1])
        if last.returncode != 0 or not result.exists():
            faults.append(f"the last run ended with {last.returncode}")
        left = sorted(entry.name for entry in folder.iterdir())
        if left != ["config.json", "r.json", "want.json"]:
            faults.append(f"left behind: {left}")
        print(f"{kills} kills, {finished} times the result was there, {len(faults)} faults")
        print("\n".join(faults[:20]))
        return 1 if faults or finished == 0 else 0


sys.exit(main())
