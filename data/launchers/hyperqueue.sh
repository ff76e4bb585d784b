#!/bin/sh
# SPDX-License-Identifier: MIT
# A sweep as an array of HyperQueue, a task a shard, on whatever workers the server has (`hq server start`, and
# `hq worker start` or `hq alloc add slurm` for workers). The folder of RESULT must be one that all workers see.
#
#   [CPUS=1] hyperqueue.sh CONFIG RESULT SHARDS [OPTIONS of halfulp run]
set -eu
if [ $# -lt 3 ]; then
  echo "usage: $0 CONFIG RESULT SHARDS [OPTIONS of halfulp run]" >&2
  exit 2
fi
command -v hq >/dev/null || {
  echo "$0: HyperQueue is not here (no hq); without it: halfulp run $1 -o $2 --shard I/$3 --steal, for every I" >&2
  exit 2
}
config=$1 result=$2 shards=$3
shift 3
# A shard that dies is redone by those that live: what counts is the result.
hq submit --wait --name halfulp --array "1-$shards" --cpus "${CPUS:-1}" --cwd "$PWD" --env "HALFULP_SHARDS=$shards" -- \
  "${HALFULP:-halfulp}" run "$config" -o "$result" --shard auto --steal --threads "${CPUS:-1}" "$@" || true
exec "${HALFULP:-halfulp}" status "$result"
