#!/bin/sh
# SPDX-License-Identifier: MIT
# The C library from Rust; skipped where there is no compiler.
set -eu
library=$1
work=$2
command -v rustc >/dev/null || {
  echo "rustc is missing" >&2
  exit 77
}
mkdir -p "$work"
rustc --edition 2021 -D warnings -L "$library" -o "$work/rust_test" "$(dirname "$0")/rust_test.rs"
LD_LIBRARY_PATH=$library "$work/rust_test"
