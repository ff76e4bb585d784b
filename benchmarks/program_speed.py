# SPDX-License-Identifier: MIT
"""How fast the program itself is: text a line at a time, tensor files, the start.

    python3 benchmarks/program_speed.py build/halfulp [ANOTHER/halfulp]

Lines a second are of one processor's time (user and system), of one thread; quantizing is beside `cp`
of the same file, flushed to the disk as ours is, and starting beside /bin/true. Of several programs
each measurement is taken in turns, and the median of the rounds counts.
"""
import array
import os
import random
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROUNDS = 5
LINES = 500_000


def run(command, stdin=None):
    """Seconds of processor time and of the clock."""
    source = open(stdin, "rb") if stdin else subprocess.DEVNULL
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    elapsed = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if stdin:
        source.close()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, elapsed


def medians(commands, which, stdin=None):
    """The median of each command's times, taken in turns."""
    times = [[] for _ in commands]
    for _ in range(ROUNDS):
        for i, command in enumerate(commands):
            times[i].append(run(command, stdin)[which])
    return [statistics.median(each) for each in times]


def write_npy(path, rows, columns):
    drawn = random.Random(3)
    some = array.array("f", [drawn.gauss(0, 1) * 10 ** drawn.randint(-2, 1) for _ in range(1 << 16)]).tobytes()
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (rows, columns)
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        for _ in range(rows * columns // (1 << 16)):
            file.write(some)


def peak_memory(command):
    """In MB; of a child that has no other children."""
    script = "import resource,subprocess,sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
    script += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    return int(subprocess.run([sys.executable, "-c", script, *command], capture_output=True, check=True).stdout)


def text_figures(programs, folder):
    drawn = random.Random(1)
    numbers, codes, cases = (os.path.join(folder, name) for name in ("numbers", "codes", "cases"))
    with open(numbers, "w") as file:
        for _ in range(LINES):
            file.write("%.6g %.8g\n" % (drawn.gauss(0, 1) * 10 ** drawn.randint(-6, 6), drawn.gauss(0, 100)))
    with open(codes, "w") as file:
        for _ in range(LINES):
            file.write("0x%08x 0x%08x\n" % (drawn.getrandbits(32), drawn.getrandbits(32)))
    with open(cases, "w") as file:
        subprocess.run([programs[0], "vectors", "f16_add", "--count", str(LINES)], stdout=file, check=True)
    for name, arguments, stdin, lines in [
        ("op add, binary16, decimals", ["op", "add", "--format", "binary16"], numbers, LINES),
        ("op mul, binary32, codes", ["op", "mul", "--format", "binary32"], codes, LINES),
        ("cast to bfloat16, decimals", ["cast", "--to", "bfloat16"], numbers, 2 * LINES),
        ("cast binary32 to e4m3fn, codes", ["cast", "--from", "binary32", "--to", "e4m3fn"], codes, 2 * LINES),
        ("check f16_add", ["check", "f16_add", "--threads", "1", cases], None, LINES),
        ("vectors f16_add", ["vectors", "f16_add", "--count", str(LINES), "--threads", "1"], None, LINES),
        ("vectors f32_mulAdd", ["vectors", "f32_mulAdd", "--count", str(LINES), "--threads", "1"], None, LINES),
    ]:
        seconds = medians([[program, *arguments] for program in programs], 0, stdin)
        print(f"{name:34}", *(f"{lines / each / 1e6:8.2f} M lines/s" for each in seconds))


def tensor_figures(programs, folder):
    source, target = os.path.join(folder, "in.npy"), os.path.join(folder, "out.npy")
    rows, columns = 16384, 4096
    write_npy(source, rows, columns)
    size = os.path.getsize(source)
    copy = ["sh", "-c", f"cp --reflink=never {source} {target} && sync {target}"]
    for name in ("float8_e4m3fn", "mxfp8_e4m3"):
        commands = [[program, "quantize", source, "--to", name, "-o", target, "--quiet"] for program in programs]
        copied, *seconds = medians([copy, *commands], 1)
        memory = [peak_memory(command) for command in commands]
        print(f"{'quantize ' + name + ', ' + str(size >> 20) + ' MB':34}",
              *(f"{copied / each:8.2f} of cp, {size / each / 1e6:6.0f} MB/s, {mb} MB" for each, mb in zip(seconds, memory)))


def start_figures(programs):
    def loop(command):
        return ["sh", "-c", f"for i in $(seq 50); do {command} >/dev/null; done"]

    for verb in ("--version", "formats"):
        nothing, *seconds = medians([loop("/bin/true"), *(loop(f"{program} {verb}") for program in programs)], 0)
        print(f"{'start: ' + verb:34}",
              *(f"{each / 50 * 1e3:8.2f} ms (true {nothing / 50 * 1e3:.2f})" for each in seconds))


def main():
    programs = sys.argv[1:]
    if not programs:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        text_figures(programs, folder)
        tensor_figures(programs, folder)
        start_figures(programs)


if __name__ == "__main__":
    main()
