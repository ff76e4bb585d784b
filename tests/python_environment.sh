#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs a Python script where NumPy, ml_dtypes, gfloat, onnx, gguf and safetensors are installed, at the versions
# of python_requirements.txt. The virtual environment is made on first use, outside the system's
# packages; whoever comes at the same time waits for it. Where it cannot be made because something
# is missing on the machine (Python, its venv module, the network) the reason is printed and the
# status is 77, which CTest counts as skipped; any other failure is one.
set -eu

if [ $# -lt 2 ]; then
  echo "usage: tests/python_environment.sh FOLDER SCRIPT.py [ARGUMENT...]" >&2
  echo "  FOLDER  the virtual environment, made where it is missing" >&2
  exit 2
fi
environment=$1
shift
requirements=$(dirname "$0")/python_requirements.txt
unset PYTHONPATH PYTHONHOME

skip() {
  echo "skipped: $1"
  exit 77
}

# A copy of the requirements, written last, marks a complete environment.
complete() {
  cmp -s "$requirements" "$environment/complete"
}

make_environment() {
  command -v python3 >/dev/null || skip "python3 is not installed"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    skip "needs Python 3.11 or later, this is $(python3 --version 2>&1)"
  rm -rf "$environment"
  python3 -m venv "$environment" >"$environment.log" 2>&1 ||
    skip "no virtual environment can be made: $(head -n 1 "$environment.log") (Debian: apt-get install python3-venv)"
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 --timeout 30 \
    --only-binary=:all: -r "$requirements" >"$environment.log" 2>&1 || {
    # Only what pip says of the way to the index excuses; a version that does not exist does not.
    if grep -qE 'Retrying \(|ConnectionError|Timeout|ProxyError|SSLError|Network is unreachable' "$environment.log"; then
      skip "PyPI is not reached: $(head -n 1 "$environment.log" | cut -c 1-200)"
    fi
    cat "$environment.log"
    exit 1
  }
  cp "$requirements" "$environment/complete"
}

if ! complete; then
  mkdir -p "$(dirname "$environment")"
  # Another caller may have made it while this one waited for the lock.
  (
    flock 9
    complete || make_environment
  ) 9>"$environment.lock" || exit $?
fi
exec "$environment/bin/python" "$@"
