# SPDX-License-Identifier: MIT
"""What the C library shows: the functions of its header, every one, and nothing else; under the version of its ABI. And each of
them is called in a test."""
import pathlib
import re
import subprocess
import sys

library, header = sys.argv[1:]
text = pathlib.Path(header).read_text(encoding="utf-8")
declared = set(re.findall(r"\b(halfulp_\w+)\(", "".join(re.findall(r"HALFULP_API[^;]*;", text))))
lines = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", library], check=True, capture_output=True,
                       text=True).stdout.splitlines()
abi = re.search(r"#define HALFULP_ABI (\d+)", text).group(1)
shown = {line.split()[-1]: line.split()[1] for line in lines}
faults = [f"{name} is no function of the header" for name in shown
          if name.split("@")[0] not in declared and name != f"HALFULP_{abi}"]
faults += [f"{name} is not shown as {name}@@HALFULP_{abi}" for name in sorted(declared)
           if shown.get(f"{name}@@HALFULP_{abi}") != "T"]
tests = "".join(path.read_text(encoding="utf-8") for path in pathlib.Path(__file__).parent.iterdir() if path.suffix in (".c", ".cc", ".h"))
tests += (pathlib.Path(header).parent / "halfulp_matchers.h").read_text(encoding="utf-8")
faults += [f"no test calls {name}" for name in sorted(declared) if not re.search(rf"\b{name}\b", tests)]
if not declared:
    faults.append("the header declares nothing")
if not pathlib.Path(library).name.startswith(f"libhalfulp.so.{abi}"):
    faults.append(f"{library} has another number than {abi}")
print("\n".join(faults))
print(f"{len(declared)} functions, {len(faults)} faults")
sys.exit(1 if faults else 0)
