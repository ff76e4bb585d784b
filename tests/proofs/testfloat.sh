#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every function of Berkeley TestFloat 3 on binary16, binary32, binary64 and binary128, in every
# rounding mode and by both rules of tininess, through `halfulp check`. TestFloat is no part of this
# project: build testfloat_gen (github.com/ucb-bar/berkeley-testfloat-3) elsewhere and name it.
#
# usage: testfloat.sh TESTFLOAT_GEN HALFULP [LEVEL [FUNCTIONS]]
# Prints a line a run, then the sum; status 1 where a case differs. FUNCTIONS: an extended regular
# expression of their names. Level 2 takes minutes for f16, f32 and all functions of one operand, but
# not for mulAdd.
set -u
generate=$1
halfulp=$2
level=${3:-1}
functions=${4:-.}
results=$(mktemp)
trap 'rm -f "$results"' EXIT

# One function: $1, then options of testfloat_gen with those of check behind a bar.
run() {
  function=$1
  shift
  echo "$function" | grep -Eq "$functions" || return 0
  ours=""
  theirs=""
  for option in "$@"; do
    case $option in
      -r*) theirs="$theirs $option"; ours="$ours --rounding ${option#-r}" ;;
      -tininess*) theirs="$theirs $option"; ours="$ours --tininess ${option#-tininess}" ;;
      -exact) theirs="$theirs $option"; ours="$ours --exact" ;;
      *) theirs="$theirs $option" ;;
    esac
  done
  # shellcheck disable=SC2086
  line=$("$generate" -level "$level" $theirs "$function" 2>/dev/null | "$halfulp" check "$function" $ours 2>&1 | tail -1)
  echo "$function $*: $line" | tee -a "$results"
}

modes="-rnear_even -rminMag -rmin -rmax -rnear_maxMag -rodd"
for format in f16 f32 f64 f128; do
  for comparison in eq le lt eq_signaling le_quiet lt_quiet; do run ${format}_$comparison; done
  run ${format}_rem
  for mode in $modes; do
    for exactness in -exact -notexact; do
      run ${format}_roundToInt "$mode" $exactness
      for integer in ui32 ui64 i32 i64; do run ${format}_to_$integer "$mode" $exactness; done
    done
    for integer in ui32 ui64 i32 i64; do run ${integer}_to_$format "$mode"; done
    for tininess in -tininessbefore -tininessafter; do
      for operation in add sub mul div sqrt mulAdd; do
        run ${format}_$operation "$mode" $tininess
      done
      for other in f16 f32 f64 f128; do
        [ $other = $format ] || run ${format}_to_$other "$mode" $tininess
      done
    done
  done
done
for mode in $modes; do
  for tininess in -tininessbefore -tininessafter; do run f32_to_bf16 "$mode" $tininess; done
done
run bf16_to_f32

awk '{ for (i = 2; i <= NF; ++i) { if ($i ~ /^cases?,/) cases += $(i - 1); if ($i ~ /^mismatch/) bad += $(i - 1) }
       if ($0 !~ /cases?, /) { print "no verdict: " $0; ++failed } }
     END { printf "%d runs, %.0f cases, %d mismatches, %d without a verdict\n", NR, cases, bad, failed
           exit bad + failed > 0 }' "$results"
