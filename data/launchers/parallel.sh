#!/bin/sh
# SPDX-License-Identifier: MIT
# A sweep by GNU parallel, on this machine or over hosts that share the folder of RESULT (and have ssh and halfulp).
#
#   [HOSTS=4/node1,4/node2] [THREADS=1] parallel.sh CONFIG RESULT SHARDS [OPTIONS of halfulp run]
#
# HOSTS as --sshlogin takes them, each with how many shards may run at once; `:` is this machine.
set -eu
if [ $# -lt 3 ]; then
  echo "usage: $0 CONFIG RESULT SHARDS [OPTIONS of halfulp run]" >&2
  exit 2
fi
command -v parallel >/dev/null || {
  echo "$0: GNU parallel is not here (no parallel); without it: halfulp run $1 -o $2 --shard I/$3 --steal, for every I" >&2
  exit 2
}
config=$1 result=$2 shards=$3
shift 3
# A shard that dies is redone by those that live: what counts is the result.
seq "$shards" | parallel --quote --sshlogin "${HOSTS:-:}" --workdir "$PWD" --max-args 0 \
  env HALFULP_SHARDS="$shards" "${HALFULP:-halfulp}" run "$config" -o "$result" --shard auto --steal \
  --threads "${THREADS:-1}" "$@" || true
exec "${HALFULP:-halfulp}" status "$result"
