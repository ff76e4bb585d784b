# SPDX-License-Identifier: MIT
"""The order of the house, from its #include lines. Called by CTest with the root of the sources.

1. Folders: each may use those below it (FLOORS).
2. Rooms: within a folder the names after ROOMS in its CMakeLists.txt stand in order, each room below the next. A name is a
   folder (`json/`), a file without its ending (`json`), or `.` for the files at the top that no name says. A room includes
   itself and those below it.
3. Files: none include each other in a circle; a .cc counts with its .h as one file.
4. Fences (FENCES): headers that only some files may include.
5. State (STATE): below cli nothing reads the environment, and nothing belongs to a thread.
"""
import pathlib
import re
import sys

FLOORS = {
    "formats": [],
    "reference": ["formats"],
    "emulator": ["formats"],
    "golden": ["formats", "reference", "emulator"],
    "experiments": ["formats", "reference", "emulator"],
    "cli": ["formats", "reference", "emulator", "golden", "experiments"],
    "capi": ["formats", "reference", "emulator", "golden"],
    "python": ["formats", "reference", "emulator", "golden", "cli"],
}
# What is included, and the start of the paths of those who may.
FENCES = [
    (re.compile(r"<(mpfr|gmp)"), ("reference/", "emulator/functions/", "golden/", "experiments/", "cli/")),
    (re.compile(r"emulator/functions/(multiple|host_library)$"), ("emulator/functions/",)),  # they include MPFR
    (re.compile(r"<CLI/"), ("cli/options.cc",)),
    (re.compile(r"<hwy/"), ("emulator/kernels/", "emulator/highway_targets.cc", "emulator/instruction_set.cc",
                            "experiments/data/variate_lanes.cc", "golden/tensors/error_lanes.cc",
                            "cli/bench/yardsticks.cc")),
    (re.compile(r"<(oneapi/)?tbb/"), ("emulator/parallel.cc",)),
]
STATE = re.compile(r"\b(thread_local|(?:secure_)?getenv)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', re.MULTILINE)


def includes_of(root):
    """File (without its ending) -> what it includes: files of ours likewise, others as <...>."""
    edges = {}
    for folder in FLOORS:
        paths = sorted(path for path in (root / folder).rglob("*") if path.suffix in (".h", ".cc"))
        if not paths:
            sys.exit(f"{folder} has no files: is {root} the root of the sources?")
        for path in paths:
            node = str(path.relative_to(root).with_suffix(""))
            found = edges.setdefault(node, set())
            for ours, others in INCLUDE.findall(path.read_text(encoding="utf-8")):
                found.add(others or ours.removesuffix(".h").removesuffix(".cc"))
            found.discard(node)
    return edges


def rooms_of(root, folder):
    text = (root / folder / "CMakeLists.txt").read_text(encoding="utf-8")
    stated = re.search(r"^\s*ROOMS ([^\n]*)", text, re.MULTILINE)
    return stated.group(1).split() if stated else ["."]


def room_of(rooms, name):
    """The number of the room of a file; name: its path in the folder. The longest room that holds it."""
    holding = [room for room in rooms if name == room or (room.endswith("/") and name.startswith(room))]
    if not holding and "/" not in name and "." in rooms:
        holding = ["."]
    return rooms.index(max(holding, key=len)) if holding else None


def upward(root, edges):
    for folder in FLOORS:
        rooms = rooms_of(root, folder)
        for node, found in edges.items():
            if not node.startswith(folder + "/"):
                continue
            room = room_of(rooms, node[len(folder) + 1 :])
            if room is None:
                yield f"{node} stands in no room: name its folder after ROOMS in {folder}/CMakeLists.txt"
                continue
            for used in found:
                floor = used.split("/")[0]
                if floor in FLOORS and floor != folder and floor not in FLOORS[folder]:
                    yield f"{node} includes {used}: {folder} does not stand above {floor}"
                if floor == folder and (other := room_of(rooms, used[len(folder) + 1 :])) is not None and other > room:
                    yield f"{node} includes {used}: room {rooms[room]} stands below room {rooms[other]}"


def fenced(edges):
    for node, found in edges.items():
        for used in found:
            for header, allowed in FENCES:
                if header.match(used) and not f"{node}.cc".startswith(allowed):
                    yield f"{node} includes {used}, which is for {', '.join(allowed)}"


def stateful(root):
    for folder in FLOORS:
        if folder == "cli":
            continue
        for path in sorted(path for path in (root / folder).rglob("*") if path.suffix in (".h", ".cc")):
            for word in sorted(set(STATE.findall(path.read_text(encoding="utf-8")))):
                yield f"{path.relative_to(root)} has {word}, which is for cli alone"


def circles(edges):
    """Tarjan's strongly connected components of more than one file, without recursion."""
    order, low, on_stack, stack, found = {}, {}, set(), [], []
    for start in edges:
        if start in order:
            continue
        work = [(start, iter(sorted(edges[start])))]
        order[start] = low[start] = len(order)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, rest = work[-1]
            used = next((other for other in rest if other in edges), None)
            if used is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    circle = stack[stack.index(node) :]
                    del stack[stack.index(node) :]
                    on_stack.difference_update(circle)
                    if len(circle) > 1:
                        found.append(sorted(circle))
            elif used not in order:
                order[used] = low[used] = len(order)
                stack.append(used)
                on_stack.add(used)
                work.append((used, iter(sorted(edges[used]))))
            elif used in on_stack:
                low[node] = min(low[node], order[used])
    return found


def main():
    root = pathlib.Path(sys.argv[1])
    edges = includes_of(root)
    faults = sorted(set(upward(root, edges)) | set(fenced(edges))) + list(stateful(root))
    faults += [f"{len(circle)} files in a circle: {' '.join(circle)}" for circle in circles(edges)]
    print("\n".join(faults))
    print(f"{len(edges)} files, {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main())
