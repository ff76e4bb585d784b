# SPDX-License-Identifier: MIT
"""Shards of one sweep as processes: whoever dies, sleeps or comes late, the result has the bytes of one process.

shards.py PROGRAM [ROUNDS [SEED]]

1. Every launcher that `--shard auto` knows, by the variables that it sets.
2. A shard that is killed is redone by the others (`--steal`); `halfulp status` says what it sees meanwhile.
3. A shard that sleeps past its patience and wakes up: two compute one unit, and it counts once.
4. ROUNDS (4) drawn stories of kills and restarts.
5. A shard of another document among them is refused, and leaves nothing.
6. A sweep with one axis of sizes as long as the number of shards: the slowest takes at most 1.3 times the mean.
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

SMALL = {
    "experiment": "linear_regression", "seed": 1, "repeats": 4,
    "problem": {"dimension": 32, "spectrum_exponent": 2, "noise_variance": 1},
    "training": {"samples": 64, "step_size": 0.1},
    "sweep": {"/problem/sketch_size": [4, 8, 16],
              "/policy/feature": ["binary64", {"format": "float8_e4m3fn", "rounding": "stochastic"}]}}
LONG = SMALL | {"repeats": 16, "training": {"samples": 32768, "step_size": 0.1}}
# Units modulo shards would be sizes.
SKEWED = SMALL | {"repeats": 1, "training": {"samples": 8192, "step_size": 0.1},
                  "problem": {"dimension": 256, "spectrum_exponent": 2, "noise_variance": 1},
                  "sweep": {"/seed": list(range(1, 14)), "/problem/sketch_size": [2, 8, 128]}}

# What a launcher says to task i of n, both counted from 0.
LAUNCHERS = {
    "Slurm array": lambda i, n: {"SLURM_ARRAY_TASK_ID": i + 1, "SLURM_ARRAY_TASK_MIN": 1, "SLURM_ARRAY_TASK_MAX": n,
                                 "SLURM_ARRAY_TASK_STEP": 1, "SLURM_ARRAY_TASK_COUNT": n, "SLURM_PROCID": 0},
    "Slurm array by 4": lambda i, n: {"SLURM_ARRAY_TASK_ID": 4 * i, "SLURM_ARRAY_TASK_MIN": 0,
                                      "SLURM_ARRAY_TASK_MAX": 4 * n - 4, "SLURM_ARRAY_TASK_STEP": 4,
                                      "SLURM_ARRAY_TASK_COUNT": n},
    "Slurm step": lambda i, n: {"SLURM_PROCID": i, "SLURM_STEP_NUM_TASKS": n},
    "Open MPI": lambda i, n: {"OMPI_COMM_WORLD_RANK": i, "OMPI_COMM_WORLD_SIZE": n},
    "PMI": lambda i, n: {"PMI_RANK": i, "PMI_SIZE": n},
    "HyperQueue": lambda i, n: {"HQ_TASK_ID": i + 1, "HALFULP_SHARDS": n},
    "GNU parallel": lambda i, n: {"PARALLEL_SEQ": i + 1, "HALFULP_SHARDS": n},
    "Kubernetes": lambda i, n: {"JOB_COMPLETION_INDEX": i, "HALFULP_SHARDS": n},
    "PBS": lambda i, n: {"PBS_ARRAY_INDEX": i + 1, "HALFULP_SHARDS": n},
    "Grid Engine": lambda i, n: {"SGE_TASK_ID": i + 1, "SGE_TASK_FIRST": 1, "SGE_TASK_LAST": n, "SGE_TASK_STEPSIZE": 1},
    "LSF": lambda i, n: {"LSB_JOBINDEX": i + 1, "LSB_JOBINDEX_END": n, "LSB_JOBINDEX_STEP": 1},
    "by hand": lambda i, n: {"HALFULP_SHARD": i + 1, "HALFULP_SHARDS": n},
}
KNOWN = {name for of in LAUNCHERS.values() for name in of(0, 1)}


class Story:
    """A folder, a sweep in it, its result by one process, and what went wrong."""

    def __init__(self, program, folder, name, document):
        self.program, self.name = program, name
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        (self.folder / "config.json").write_text(json.dumps(document))
        self.faults = []
        run = self.start({}, "-o", "want.json")
        self.expect(run.wait() == 0, "one process fails")
        self.want = (self.folder / "want.json").read_bytes()

    def start(self, variables, *options, verb="run"):
        environment = {name: text for name, text in os.environ.items() if name not in KNOWN}
        environment |= {name: str(value) for name, value in variables.items()}
        call = [self.program, verb, *options]
        if verb == "run":
            call[2:2] = ["config.json", "--no-run-info", "--quiet", "--threads", "1"]
        return subprocess.Popen(call, cwd=self.folder, env=environment, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def shard(self, index, count, *options):
        return self.start({}, "-o", "r.json", "--shard", f"{index}/{count}", *options)

    def status(self):
        run = self.start({}, "r.json", "--json", verb="status")
        text = run.communicate()[0]
        return run.returncode, (json.loads(text) if run.returncode < 2 else text)

    def expect(self, holds, text):
        if not holds:
            self.faults.append(f"{self.name}: {text}")

    def expect_end(self, run, status, who):
        text = run.communicate(timeout=60)[0]
        self.expect(run.returncode == status, f"{who} ended with {run.returncode}: {text}")
        self.expect("damaged" not in text and "internal" not in text, f"{who}: {text}")

    def expect_result(self):
        result = self.folder / "r.json"
        self.expect(result.exists() and result.read_bytes() == self.want, "another result, or none")
        left = sorted(entry.name for entry in self.folder.iterdir())
        self.expect(left == ["config.json", "r.json", "want.json"], f"left behind: {left}")
        code, status = self.status()
        self.expect(code == 0 and status["complete"], f"status {code}: {status}")
        result.unlink(missing_ok=True)

    def wait_for_units(self, shard, count, units=2):
        journal = self.folder / f"r.json.shard-{shard}-of-{count}.journal"
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if journal.exists() and journal.read_bytes().count(b"\n") > units:
                return
            time.sleep(0.005)
        self.expect(False, f"shard {shard} does not begin")


def launchers(program, folder):
    story = Story(program, folder, "launchers", SMALL)
    for name, variables in LAUNCHERS.items():
        story.name = name
        for i in (2, 0, 1):
            story.expect_end(story.start(variables(i, 3), "-o", "r.json", "--shard", "auto"), 0, f"shard {i}")
        story.expect_result()
    return story.faults


def killed(program, folder):
    story = Story(program, folder, "killed", LONG)
    runs = {i: story.shard(i, 3, "--steal") for i in (1, 2, 3)}
    for i in runs:
        story.wait_for_units(i, 3)
    code, status = story.status()
    story.expect(code == 0 and not status["complete"] and [s["state"] for s in status["shards"]] == ["computing"] * 3,
                 f"status {code}: {status}")
    story.expect(0 < status["units_done"] < status["units"] == 48, f"units: {status}")
    runs[2].send_signal(signal.SIGKILL)
    runs[2].wait()
    _, status = story.status()
    story.expect(status["shards"][1]["state"] == "lost" and not status["stuck"], f"after a kill: {status}")
    for i in (1, 3):
        story.expect_end(runs[i], 0, f"shard {i}")
    story.expect_result()
    # All of them, and one comes back.
    runs = {i: story.shard(i, 3, "--steal") for i in (1, 2, 3)}
    for i in runs:
        story.wait_for_units(i, 3)
    for run in runs.values():
        run.send_signal(signal.SIGKILL)
        run.wait()
    code, status = story.status()
    story.expect(code == 1 and status["stuck"], f"after all were killed {code}: {status}")
    story.expect_end(story.shard(2, 3, "--steal"), 0, "who came back")
    story.expect_result()
    # Without --steal everyone's own is left to everyone.
    runs = {i: story.shard(i, 2) for i in (1, 2)}
    story.wait_for_units(2, 2)
    runs[2].send_signal(signal.SIGTERM)
    story.expect_end(runs[2], 143, "a shard that is stopped")
    story.expect_end(runs[1], 0, "the other")
    code, status = story.status()
    story.expect(code == 1 and [s["state"] for s in status["shards"]] == ["done", "stopped"], f"{code}: {status}")
    story.expect_end(story.shard(2, 2, "--resume"), 0, "the one that goes on")
    story.expect_result()
    return story.faults


def asleep(program, folder):
    story = Story(program, folder, "asleep", LONG)
    runs = {i: story.shard(i, 2, "--steal", "--patience", "1") for i in (1, 2)}
    story.wait_for_units(1, 2)
    runs[1].send_signal(signal.SIGSTOP)
    story.expect_end(runs[2], 0, "the one awake")
    story.expect((story.folder / "r.json").exists() and (story.folder / "r.json").read_bytes() == story.want,
                 "another result, or none")
    runs[1].send_signal(signal.SIGCONT)
    story.expect_end(runs[1], 0, "the one that woke up")
    story.expect_result()
    return story.faults


def stories(program, folder, rounds, draw):
    story = Story(program, folder, "drawn", LONG | {"repeats": 6})
    for number in range(rounds):
        story.name = f"drawn {number}"
        count = draw.choice([2, 3, 4])
        runs = {}
        for _ in range(draw.randrange(1, 3 * count)):
            index = draw.randrange(1, count + 1)
            if index in runs and runs[index].poll() is None:
                if draw.random() < 0.6:
                    runs[index].send_signal(draw.choice([signal.SIGKILL, signal.SIGTERM]))
                    text = runs[index].communicate()[0]
                    story.expect("damaged" not in text and "internal" not in text, text)
            else:
                runs[index] = story.shard(index, count, "--steal", "--patience", "1")
            time.sleep(draw.uniform(0, 0.15))
        index = draw.randrange(1, count + 1)
        for run in [runs.get(index)] if index in runs else []:
            if run.poll() is None:
                run.send_signal(signal.SIGKILL)
                run.communicate()
        runs[index] = story.shard(index, count, "--steal", "--patience", "1")
        for index, run in runs.items():
            text = run.communicate(timeout=60)[0]
            story.expect(run.returncode in (0, -9, -15, 143), f"shard {index} ended with {run.returncode}: {text}")
        story.expect_result()
    return story.faults


def mistaken(program, folder):
    story = Story(program, folder, "mistaken", LONG)
    runs = {i: story.shard(i, 3, "--steal") for i in (1, 2)}
    for i in runs:
        story.wait_for_units(i, 3)
    for options in ([], ["--steal"]):
        wrong = story.shard(3, 3, "--set", "/seed=9", *options)
        text = wrong.communicate(timeout=60)[0]
        story.expect(wrong.returncode == 2 and "another document" in text, f"another seed {options}: {wrong.returncode}: {text}")
    for i, run in runs.items():
        story.expect_end(run, 0, f"shard {i}")
    story.expect_result()
    return story.faults


def balance(program, folder):
    story = Story(program, folder, "balance", SKEWED)
    seconds = []
    for i in (1, 2, 3):
        run = story.shard(i, 3)
        run.stdout.read()
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
        story.expect(run.returncode == 0, f"shard {i}")
        seconds.append(usage.ru_utime + usage.ru_stime)
    story.expect_result()
    slowest = max(seconds) / (sum(seconds) / 3)
    print("processor seconds of three shards:", ", ".join(f"{s:.2f}" for s in seconds), f"slowest / mean {slowest:.2f}")
    story.expect(slowest <= 1.3, f"the slowest shard takes {slowest:.2f} times the mean")
    return story.faults


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(10**9)
    print(f"seed {seed}")
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for part in (launchers, killed, asleep, mistaken, balance):
            began = time.monotonic()
            faults += part(program, folder)
            print(f"{part.__name__}: {time.monotonic() - began:.1f} s")
        faults += stories(program, folder, rounds, random.Random(seed))
    print(f"{rounds} drawn stories, {len(faults)} faults")
    print("\n".join(faults[:20]))
    return 1 if faults else 0


sys.exit(main())
