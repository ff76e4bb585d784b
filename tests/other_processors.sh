#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Same bytes on another processor: builds halfulp for one with Debian's cross compiler, runs it under QEMU's user
# emulation, and compares what it writes with what the native program writes, byte for byte. Run by hand; results in
# docs/verification.md. The other processor's libraries are downloaded by apt into FOLDER, with lists and a cache of its
# own: nothing on the machine changes, and no root is needed.
set -eu

usage() {
  cat <<USAGE
usage: tests/other_processors.sh aarch64 | s390x [FOLDER]

  aarch64  64-bit Arm, little-endian, char unsigned
  s390x    IBM Z, big-endian, char unsigned
  FOLDER   where everything goes, build-aarch64 or build-s390x without it; kept, so that a second call is short

HALFULP_NATIVE         the native program to compare with, build/halfulp without it
HALFULP_VERIFY_BUDGET  the budget of verify; 0 leaves it out; without it that of --short
HALFULP_JOBS           processors to use, all without it
USAGE
}

fail() {
  echo "other_processors: $1" >&2
  exit 2
}

case "${1:-}" in
  aarch64) debian=arm64 ;;
  s390x) debian=s390x ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
processor=$1
source=$(cd "$(dirname "$0")/.." && pwd)
folder=${2:-$source/build-$processor}
jobs=${HALFULP_JOBS:-$(getconf _NPROCESSORS_ONLN)}
compiler=$processor-linux-gnu-g++
emulator=qemu-$processor-static
native=$(realpath "${HALFULP_NATIVE:-$source/build/halfulp}")
# The libraries that bootstrap installs.
packages=$(sed -n '/^packages="/,/"$/p' "$source/bootstrap" | tr -s ' "' '\n' | grep -e '-dev$')

for tool in cmake ninja pkg-config apt-get dpkg-deb "$compiler" "$emulator"; do
  command -v "$tool" >/dev/null ||
    fail "$tool is missing (Debian: apt-get install cmake ninja-build pkg-config g++-$processor-linux-gnu qemu-user-static)"
done
[ -x "$native" ] || fail "no program at $native to compare with: ./bootstrap build, or set HALFULP_NATIVE"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
sysroot=$folder/sysroot

# The libraries and their headers, as the packages of the other architecture hold them.
make_sysroot() {
  apt=$folder/apt
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/state/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${HALFULP_MIRROR:-http://deb.debian.org/debian} bookworm main" \
    >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
Dir::State "$apt/state/";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache/";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
APT::Architecture "$debian";
APT::Architectures { "$debian"; };
APT::Sandbox::User "";
Acquire::Languages "none";
CONF
  APT_CONFIG=$apt/apt.conf apt-get -qq update
  # shellcheck disable=SC2086 # the list is split into words on purpose
  APT_CONFIG=$apt/apt.conf apt-get -qq -y --no-install-recommends --download-only install libc6-dev $packages
  rm -rf "$sysroot"
  mkdir -p "$sysroot/usr/lib" "$sysroot/usr/bin" "$sysroot/usr/sbin"
  for name in lib bin sbin; do ln -s "usr/$name" "$sysroot/$name"; done
  for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$sysroot"
  done
  # Links to absolute paths mean the other machine's root.
  find "$sysroot" -type l -lname '/*' | while read -r link; do
    ln -sfr "$sysroot$(readlink "$link")" "$link"
  done
  touch "$sysroot/complete"
}

build() {
  cat >"$folder/toolchain.cmake" <<TOOLCHAIN
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $processor)
set(CMAKE_CXX_COMPILER $compiler)
set(CMAKE_SYSROOT "$sysroot")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
TOOLCHAIN
  export PKG_CONFIG_SYSROOT_DIR="$sysroot"
  export PKG_CONFIG_LIBDIR="$sysroot/usr/lib/$processor-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig"
  cmake -S "$source" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DHALFULP_TESTS=OFF \
    -DCMAKE_TOOLCHAIN_FILE="$folder/toolchain.cmake" >"$folder/configure.log" || {
    cat "$folder/configure.log"
    exit 2
  }
  cmake --build "$folder/build" --parallel "$jobs" --target halfulp
}

[ -e "$sysroot/complete" ] || make_sysroot
build

# The sweep that is compared: places and kinds of every sort, each path of training.
write_inputs() {
  cat >"$1/sweep.json" <<SWEEP
{
  "experiment": "linear_regression",
  "seed": 3,
  "repeats": 2,
  "problem": {"dimension": 64, "spectrum_exponent": 2, "sketch_size": 16, "noise_variance": 0.5},
  "training": {"samples": 128, "batch": 2, "step_size": 0.1, "schedule": "geometric_decay"},
  "policy": {"label": "bfloat16"},
  "sweep": {
    "/policy/feature": [
      "binary64", "float8_e8m0fnu", "dlfloat16", "q3.4", "posit16", "takum16", "log5.10", "nf4", "mxfp4", "nvfp4", "flexpoint",
      {"format": "float8_e4m3fn", "rounding": "stochastic"}, {"format": "int8", "scaling": "row"},
      {"format": "int4", "rounding": "stochastic", "scaling": "tensor"}, {"noise": {"kind": "additive", "eps": 0.01}},
      {"noise": {"kind": "multiplicative_coord", "eps": 0.01}}, {"noise": {"kind": "multiplicative_rank1", "eps": 0.01}}
    ],
    "/policy/param": ["binary32", {"format": "float8_e5m2", "rounding": "to-odd"}, {"format": "bfloat16", "rounding": "stochastic"}]
  }
}
SWEEP
  # 8,192 numbers of 29 magnitudes, as float32.
  perl -e 'my $s = 1; for my $i (1 .. 8192) { $s = ($s * 1103515245 + 12345) & 0x7fffffff;
    print pack("f<", ($s / 2**30 - 1) * 2**($i % 29 - 14)) }' >"$1/numbers.raw"
}

# both ARGUMENT...: the same call of both programs, each in its folder; what they print is kept too.
calls=0
both() {
  calls=$((calls + 1))
  for place in native other; do
    status=0
    if [ $place = native ]; then
      (cd "$folder/native" && "$native" "$@") >"$folder/$place/call-$calls" 2>&1 || status=$?
    else
      (cd "$folder/other" && HALFULP_CACHE=$folder/cache "$emulator" -L "$sysroot" "$folder/build/halfulp" "$@") \
        >"$folder/$place/call-$calls" 2>&1 || status=$?
    fi
    if [ "$status" -ne 0 ]; then
      cat "$folder/$place/call-$calls"
      fail "$place: halfulp $* ended with status $status"
    fi
  done
}

compare() {
  rm -rf "$folder/native" "$folder/other"
  mkdir "$folder/native" "$folder/other"
  write_inputs "$folder/native"
  write_inputs "$folder/other"

  both formats --json
  both formats --markdown
  both run sweep.json --no-run-info --quiet -o sweep.result.json
  both report sweep.result.json -o sweep.html
  for format in mxfp4 nvfp4 msfp12 nf4 float8_e4m3fn posit16 takum16 log5.10 q3.4 int8; do
    both quantize numbers.raw --dtype float32 --shape 64,128 --to $format -o "$format.npz" --quiet
    both quantize numbers.raw --dtype float32 --shape 64,128 --to $format --codes --rounding stochastic -o "$format.safetensors" \
      --quiet
    both quantize "$format.npz" --to bfloat16 -o "$format.bfloat16.npz" --quiet
  done
  both quantize numbers.raw --dtype float64 --byte-order big --shape 4096 --to bfloat16 -o big.npy --quiet
  for operation in f16_add f32_mulAdd f64_div f128_sqrt bf16_to_f32; do
    both vectors $operation -o $operation.tv --quiet
    [ $operation = f128_sqrt ] || both vectors $operation --style npz -o $operation.npz --quiet
    both check $operation $operation.tv
  done
  both vectors fma --format takum16 --rounding stochastic -o takum16_fma.json --style json --quiet
  for function in exp log sin pow hypot; do
    both vectors $function --format bfloat16 --count 500 -o $function.hex --style readmemh --quiet
    both vectors $function --format binary64 --count 200 -o $function.csv --style csv --quiet
  done
  both explain 400.199585 --from binary32 --to float8_e4m3fn
  sizes='/sweep/~1problem~1sketch_size+~1repeats=[[8, 1], [32, 1], [128, 1]]'
  for path in "$source"/data/experiments/*.json; do
    name=$(basename "$path" .json)
    case $name in
      mx-full-size) continue ;; # a training takes most of a day in the processor's own
      lin2024-approximation | lin2024-model-size | zhang2026-trained) less=$sizes ;;
      *) less=/repeats=1 ;;
    esac
    if [ "$name" = digits ] && [ ! -f "$source/data/digits.csv" ]; then continue; fi
    if [ "$name" = mx-full-size ]; then continue; fi
    both run "$path" --set "$less" --no-run-info --quiet -o "$name.result.json"
  done
  if ! diff -r "$folder/native" "$folder/other" >"$folder/differences"; then
    head -n 20 "$folder/differences" | cut -c 1-200
    echo "$processor: the bytes differ: $folder/differences"
    exit 1
  fi
  echo "$processor: $calls calls, $(find "$folder/native" -type f | wc -l) files, $(du -sb "$folder/native" | cut -f 1) bytes: the same"
}

verify() {
  [ "${HALFULP_VERIFY_BUDGET:-}" != 0 ] || return 0
  status=0
  HALFULP_CACHE=$folder/cache "$emulator" -L "$sysroot" "$folder/build/halfulp" verify --json --quiet \
    --instruction-sets all --budget "${HALFULP_VERIFY_BUDGET:-16384}" --threads "$jobs" \
    >"$folder/verify.json" || status=$?
  perl -ne '$rows++; $cases += $1 if /"cases":(\d+)/; $bad += $1 if /"mismatches":(\d+)/;
    END { print "verify: $rows rows, $cases comparisons, $bad mismatches\n" }' "$folder/verify.json"
  return $status
}

compare
verify
