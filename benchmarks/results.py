#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Figures of `halfulp bench` kept from one machine and one day to the next.

  results.py record PROGRAM [NAME...]   times the figures and writes benchmarks/results/MACHINE.json: those named, or the
                                        beginnings of; without any all that `halfulp bench --all` has
  results.py check PROGRAM              times GUARDED anew and fails where one lost a third of what stands in that file
  results.py draw                       draws cost over sizes from the file: benchmarks/results/MACHINE.svg (gnuplot)

MACHINE is the processor's vendor, family and model: figures are ratios within one run, but those of another processor say
nothing. `check` ends with 77, the code of a skipped test, where this machine has no file.
"""
import datetime
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent / "results"
SKIPPED = 77
# One figure or two of every kernel that has a yardstick; all of them take some seconds.
GUARDED = [
    "round/float8_e4m3fn/rne/l2/1", "round/float8_e4m3fn/rup/l2/1", "round/bfloat16/rne/l2/1", "round/binary16/rne/l2/1",
    "round/float8_e4m3fn/sr-philox16/l2/1", "round/float8_e4m3fn/sr-splitmix16/l2/1", "round/nf4/rne/l2/1",
    "encode/float8_e4m3fn/rne/l2/1", "encode4/float4_e2m1fn/rne/l2/1", "decode/float8_e4m3fn/exact/l2/1",
    "decode4/float4_e2m1fn/exact/l2/1", "quantize/", "dequantize/", "add/", "div/", "fma/",
    "matmul/float8_e4m3fn/accumulate/256/1", "matmul/binary16/sum/256/1", "matmul/binary16/product-sum/256/1",
    "matmul/binary16/fused/256/1", "matmul/binary16/sum-sr/256/1", "matmul/float8_e4m3fn/hopper/256/1", "dot/", "step/",
]
LEAST = 2 / 3  # of the kept figure
TRIES = 5      # a neighbour on the machine spoils some, for a while
PAUSE = 3      # seconds


def cpu_facts():
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    facts = {}
    for key, value in re.findall(r"^([^\t:]+?)\s*: (.*)$", text, re.MULTILINE):
        facts.setdefault(key, value)
    return facts


def machine_name():
    facts = cpu_facts()
    parts = [facts.get(key, "unknown") for key in ("vendor_id", "cpu family", "model")]
    return "-".join(re.sub(r"[^a-z0-9]+", "", part.lower()) for part in parts)


def cache_bytes(level):
    for index in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        if (index / "level").read_text().strip() == str(level) and (index / "type").read_text().strip() != "Instruction":
            return int((index / "size").read_text().strip().removesuffix("K")) * 1024
    return None


def measured(program, names):
    command = [program, "bench", "--json", "--quiet", *(names or ["--all"])]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {figure["name"]: figure for figure in map(json.loads, lines)}


def has_lost(now, before):
    """Figures without a ratio, as of products on a machine without OpenBLAS, say nothing."""
    return now["ratio"] is not None and before["ratio"] is not None and now["ratio"] < LEAST * before["ratio"]


def kept():
    path = FOLDER / f"{machine_name()}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def record(program, names):
    facts = cpu_facts()
    before = kept() or {"figures": []}
    figures = {figure["name"]: figure for figure in before["figures"]}
    if not names:
        figures = {}
    figures.update(measured(program, names))
    result = {
        "machine": {"processor": facts.get("model name"), "family": facts.get("cpu family"), "model": facts.get("model"),
                    "l2_bytes": cache_bytes(2), "l3_bytes": cache_bytes(3),
                    "compiler": subprocess.run(["c++", "--version"], capture_output=True, text=True).stdout.split("\n")[0]},
        "date": datetime.date.today().isoformat(),
        "figures": list(figures.values()),
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{machine_name()}.json"
    lines = ",\n".join("    " + json.dumps(figure) for figure in result["figures"])
    head = json.dumps({key: result[key] for key in ("machine", "date")}, indent=2)[:-2]
    path.write_text(f'{head},\n  "figures": [\n{lines}\n  ]\n}}\n', encoding="utf-8")
    print(f"{path}: {len(figures)} figures")


def check(program):
    before = kept()
    if before is None:
        print(f"no figures of {machine_name()}: `benchmarks/results.py record PROGRAM` writes them")
        return SKIPPED
    wanted = {figure["name"]: figure for figure in before["figures"] if any(figure["name"].startswith(g) for g in GUARDED)}
    lost = list(wanted)
    compared = 0
    for attempt in range(TRIES):
        time.sleep(PAUSE * attempt)
        now = measured(program, lost)
        compared = compared or sum(figure["ratio"] is not None for figure in now.values())
        lost = [name for name in lost if name in now and has_lost(now[name], wanted[name])]
        if not lost:
            print(f"{compared} figures, none lost a third of those of {before['date']}")
            return 0
    for name in lost:
        print(f"{name}: {now[name]['ratio']:.3g}, and {wanted[name]['ratio']:.3g} on {before['date']}")
    print(f"{len(lost)} of {len(wanted)} figures lost a third; where that is meant, `benchmarks/results.py record PROGRAM NAME`")
    return 1


# Titles of what is drawn: figures of 1024 numbers to memory, ratios to a copy of as many.
DRAWN = {"round/float8_e4m3fn/rne": "nearest even, e4m3", "round/bfloat16/rne": "nearest even, bfloat16",
         "round/float8_e4m3fn/sr-philox16": "stochastic, Philox", "round/float8_e4m3fn/sr-splitmix16": "stochastic, SplitMix64"}
SIZES = {"l2": 1 << 16, "l3": 1 << 20, "memory": 1 << 26}


def draw():
    before = kept()
    if before is None:
        sys.exit(f"no figures of {machine_name()}")
    if shutil.which("gnuplot") is None:
        sys.exit("gnuplot is needed to draw")
    series, roof = {}, {}
    for figure in before["figures"]:
        *what, size, threads = figure["name"].split("/")
        title = DRAWN.get("/".join(what))
        if title is None or threads != "1":
            continue
        elements = SIZES.get(size) or int(size)
        series.setdefault(title, []).append((elements, figure["elements_per_second"] / 1e9))
        roof.setdefault(elements, []).append(figure["elements_per_second"] / 1e9 / figure["ratio"])
    series = {"a copy (the roof)": [(size, sorted(all)[len(all) // 2]) for size, all in roof.items()], **series}
    blocks = "".join("$series%d << EOD\n%s\nEOD\n" % (i, "\n".join(f"{x} {y}" for x, y in sorted(points)))
                     for i, points in enumerate(series.values()))
    plots = ", ".join(f'$series{i} with linespoints lw {3 if i == 0 else 2} pt {5 + i} ps 0.6 title "{title}"'
                      for i, title in enumerate(series))
    caches = "".join(f'set arrow from {size / 8}, graph 0 to {size / 8}, graph 1 nohead dt 3 lc "gray50"\n'
                     f'set label "{name}" at {size / 8}, graph 0.97 offset 0.5,0 tc "gray40"\n'
                     for name, size in (("L2", before["machine"]["l2_bytes"]), ("L3", before["machine"]["l3_bytes"])) if size)
    script = (f'set terminal svg size 760,460 font "DejaVu Sans,13" background "white"\nset output "{FOLDER / machine_name()}.svg"\n'
              f'{blocks}{caches}set logscale xy\nset format xy "10^{{%L}}"\nset grid lc "gray85"\nset key outside below\n'
              f'set xlabel "numbers in the array"\nset ylabel "10^9 numbers a second, one thread"\n'
              f'set title "Rounding binary32 arrays, {before["machine"]["processor"]}, {before["date"]}"\nplot {plots}\n')
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    print(FOLDER / f"{machine_name()}.svg")


def main():
    arguments = sys.argv[1:]
    if len(arguments) >= 2 and arguments[0] == "record":
        return record(arguments[1], arguments[2:])
    if len(arguments) == 2 and arguments[0] == "check":
        return check(arguments[1])
    if arguments == ["draw"]:
        return draw()
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
