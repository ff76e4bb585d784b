#!/bin/sh
# SPDX-License-Identifier: MIT
# A sweep as ranks of Open MPI's mpirun, a rank a shard. The program makes no call of MPI; ranks only say which shard is
# which. The folder of RESULT must be one that all nodes see.
#
#   [HOSTFILE=hosts] [THREADS=1] openmpi.sh CONFIG RESULT SHARDS [OPTIONS of halfulp run]
#
# Within a job of a batch system mpirun finds the nodes itself.
set -eu
if [ $# -lt 3 ]; then
  echo "usage: $0 CONFIG RESULT SHARDS [OPTIONS of halfulp run]" >&2
  exit 2
fi
command -v mpirun >/dev/null || {
  echo "$0: Open MPI is not here (no mpirun); without it: halfulp run $1 -o $2 --shard I/$3 --steal, for every I" >&2
  exit 2
}
config=$1 result=$2 shards=$3
shift 3
# A rank that dies must not end the others, who redo its units; and what counts is the result.
export OMPI_MCA_orte_enable_recovery=1 OMPI_MCA_orte_abort_on_non_zero_status=0
mpirun -np "$shards" ${HOSTFILE:+--hostfile "$HOSTFILE"} --oversubscribe --bind-to none \
  "${HALFULP:-halfulp}" run "$config" -o "$result" --shard auto --steal --threads "${THREADS:-1}" "$@" || true
exec "${HALFULP:-halfulp}" status "$result"
