#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Vectors that are missing are never passed over in silence: without a folder the tests are skipped, which CTest sees by
# the status; where vectors are required, where the folder does not exist, and where a file is missing or shortened, they
# fail.
set -u
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# expect STATUS WORDS, after the environment's settings: a run of one file of tests ends so and says that.
expect() {
  status=$1
  words=$2
  shift 2
  output=$(env -u HALFULP_REQUIRE_GOLDEN "$@" "$program" --file cpfloat_test.cc --gtest_brief=1 2>&1)
  found=$?
  if [ "$found" -ne "$status" ] || ! printf '%s' "$output" | grep -qF "$words"; then
    echo "$*: status $found instead of $status, or the output lacks \"$words\":"
    printf '%s\n' "$output"
    failures=1
  fi
}

expect 77 "HALFULP_GOLDEN_DIR is not set" HALFULP_GOLDEN_DIR=
expect 1 "HALFULP_REQUIRE_GOLDEN is set" HALFULP_GOLDEN_DIR= HALFULP_REQUIRE_GOLDEN=1
expect 1 "is no folder" HALFULP_GOLDEN_DIR="$folder/typo"
expect 1 "cannot read" HALFULP_GOLDEN_DIR="$folder"
mkdir "$folder/formats"
echo "format,mode,sat,f64_in,f64_out" >"$folder/formats/cpfloat.csv.gz"
expect 1 "has 1 rows, rows.json says" HALFULP_GOLDEN_DIR="$folder"
head -c 65536 /dev/zero | gzip | head -c 40 >"$folder/formats/cpfloat.csv.gz"
expect 1 "is damaged" HALFULP_GOLDEN_DIR="$folder"
exit $failures
