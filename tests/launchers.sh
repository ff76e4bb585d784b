#!/bin/bash
# SPDX-License-Identifier: MIT
# The launchers of data/launchers/ with the software that they are for, on this machine: one sweep in three shards under
# each, once undisturbed and once with a shard killed while it works. The result must have the SHA-256 of one process's.
#
#   tests/launchers.sh PROGRAM [FOLDER] [slurm] [parallel] [hyperqueue] [openmpi]
#
# What is missing is installed where this is root on Debian (slurm-wlm, munge, parallel, openssh-server, openmpi-bin) or comes from PyPI
# into a virtual environment in FOLDER (hyperqueue: server and workers of its Python module, which has no `hq`; a stand-in
# for that command hands its tasks to them). Daemons run as this user on 127.0.0.1, with files in FOLDER alone, and are
# ended by their process ids. By hand, some minutes; tests/program/shards.py is what CTest runs.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
launchers=$here/data/launchers
HALFULP=$(realpath "${1:?the program}")
export HALFULP
shift
folder=$(mktemp -d)
if [ $# -gt 0 ] && [ -d "$1" ]; then folder=$(realpath "$1"); shift; fi
wanted=${*:-slurm parallel hyperqueue openmpi}
started=()  # process ids of daemons
faults=0 runs=0

cleanup() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do tail --pid="$pid" -f /dev/null & wait $! ; done 2>/dev/null
}
trap cleanup EXIT

say() { echo "launchers: $*"; }
need() {  # need COMMAND PACKAGE...
  command -v "$1" >/dev/null && return 0
  shift
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "$1 is not here, and cannot be installed without root and apt-get"
    return 1
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$folder/apt.log" 2>&1 && return 0
  say "$* cannot be installed: $(tail -n 1 "$folder/apt.log")"
  return 1
}

mkdir -p "$folder/work"
cd "$folder/work"
cat > config.json <<'CONFIG'
{"experiment": "linear_regression", "seed": 1, "repeats": 12,
 "problem": {"dimension": 128, "spectrum_exponent": 2, "noise_variance": 1},
 "training": {"samples": 131072, "step_size": 0.1},
 "sweep": {"/problem/sketch_size": [2, 8, 96],
           "/policy/feature": ["binary64", {"format": "float8_e4m3fn", "rounding": "stochastic"}]}}
CONFIG
began=$(date +%s.%N)
"$HALFULP" run config.json -o want.json --no-run-info --quiet --threads 1
want=$(sha256sum < want.json | cut -d' ' -f1)
say "one process: $(echo "$(date +%s.%N) - $began" | bc) s, SHA-256 $want"

# Kills shard 2 of the sweep with this result once its journal holds a unit: by the id in its heartbeat.
kill_second() {
  for _ in $(seq 600); do
    if [ -e "$1.shard-2-of-3.journal" ] && [ "$(wc -l < "$1.shard-2-of-3.journal")" -gt 1 ]; then
      kill -9 "$(sed 's/.*"process":\([0-9]*\).*/\1/' "$1.shard-2-of-3.heartbeat")"
      killed=
      return
    fi
    sleep 0.05
  done
}

check() {  # check NAME RESULT
  runs=$((runs + 1))
  local got left
  got=$(sha256sum < "$2" 2>/dev/null | cut -d' ' -f1)
  left=$(find . -name "$2.*" | wc -l)
  if [ "$got" = "$want" ] && [ "$left" = 0 ] && "$HALFULP" status "$2" >/dev/null; then
    say "$1: SHA-256 equal"
  else
    faults=$((faults + 1))
    say "$1: FAULT: SHA-256 $got, $left files left; $("$HALFULP" status "$2" 2>&1 | head -n 1)"
  fi
  rm -f "$2" "$2".*
}

both() {  # both NAME COMMAND...: the command with CONFIG RESULT SHARDS and options behind
  local name=$1
  shift
  "$@" config.json r.json 3 --no-run-info --quiet > "$folder/$name.log" 2>&1 || true
  check "$name, undisturbed" r.json
  killed=" (FAULT: too late)"
  "$@" config.json r.json 3 --no-run-info --quiet > "$folder/$name.killed.log" 2>&1 &
  local launcher=$!
  kill_second r.json
  wait $launcher || true
  [ -z "$killed" ] || faults=$((faults + 1))
  check "$name, a shard killed$killed" r.json
}

start_slurm() {
  local etc=$folder/slurm host
  host=$(hostname -s)
  mkdir -p "$etc/state" "$etc/spool"
  dd if=/dev/urandom of="$etc/munge.key" bs=128 count=1 status=none
  chmod 0600 "$etc/munge.key"
  chmod 0755 "$folder" "$etc"
  munged --foreground --force --socket="$etc/munge.socket" --key-file="$etc/munge.key" --pid-file="$etc/munged.pid" \
    --log-file="$etc/munged.log" --seed-file="$etc/munged.seed" > "$etc/munged.out" 2>&1 &
  started+=($!)
  cat > "$etc/slurm.conf" <<CONF
ClusterName=halfulp
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
SlurmctldPort=16817
SlurmdPort=16818
AuthInfo=socket=$etc/munge.socket
CredType=cred/munge
StateSaveLocation=$etc/state
SlurmdSpoolDir=$etc/spool
SlurmctldPidFile=$etc/slurmctld.pid
SlurmdPidFile=$etc/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$etc/slurm.conf
  slurmctld -D > "$etc/slurmctld.log" 2>&1 &
  started+=($!)
  slurmd -D -N "$host" > "$etc/slurmd.log" 2>&1 &
  started+=($!)
  for _ in $(seq 60); do
    [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && return 0
    sleep 0.5
  done
  say "slurm does not come up: $(tail -n 2 "$etc"/*.log | tr '\n' ' ')"
  return 1
}

# Two hosts, both this one by ssh: a daemon of this user on 127.0.0.1, with keys in FOLDER alone.
start_ssh() {
  local etc=$folder/ssh
  mkdir -p "$etc"
  [ "$(id -u)" != 0 ] || mkdir -p /run/sshd
  ssh-keygen -q -t ed25519 -N '' -f "$etc/host"
  ssh-keygen -q -t ed25519 -N '' -f "$etc/key"
  printf '%s\n' "ListenAddress 127.0.0.1" "Port 16822" "HostKey $etc/host" "AuthorizedKeysFile $etc/key.pub" "UsePAM no" \
    "StrictModes no" "PidFile none" "PermitRootLogin prohibit-password" > "$etc/config"
  "$(command -v sshd)" -D -f "$etc/config" -E "$etc/log" &
  started+=($!)
  export PARALLEL_SSH="ssh -p 16822 -i $etc/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=$etc/known"
  for _ in $(seq 20); do
    $PARALLEL_SSH 127.0.0.1 true 2>"$etc/client.log" && return 0
    sleep 0.2
  done
  say "sshd does not come up: $(tail -n 1 "$etc/log")"
  return 1
}

# The launcher submits; the wait is for the array to end.
slurm_and_wait() {
  local job
  job=$("$launchers/slurm.sbatch" "$@" | tee /dev/stderr | sed 's/.* //')
  while [ -n "$(squeue -h -j "$job" 2>/dev/null)" ]; do sleep 0.3; done
}

for launcher in $wanted; do
  case $launcher in
    slurm)
      need slurmctld slurm-wlm munge || continue
      need munged munge || continue
      start_slurm || { faults=$((faults + 1)); continue; }
      both "$(sinfo --version)" slurm_and_wait
      # Ranks of a step.
      srun -n 3 "$HALFULP" run config.json -o r.json --shard auto --no-run-info --quiet > "$folder/srun.log" 2>&1 || true
      check "srun, three tasks" r.json ;;
    parallel)
      need parallel parallel || continue
      version="GNU $(parallel --version | head -n 1 | cut -d' ' -f2-3)"
      HOSTS='4/:' both "$version" "$launchers/parallel.sh"
      if need sshd openssh-server && start_ssh; then
        HOSTS='2/127.0.0.1,2/localhost' both "$version over ssh" "$launchers/parallel.sh"
      fi ;;
    openmpi)
      need mpirun openmpi-bin || continue
      export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
      both "$(mpirun --version | head -n 1)" "$launchers/openmpi.sh" ;;
    hyperqueue)
      if ! command -v hq >/dev/null; then
        if ! { python3 -m venv "$folder/hq" && "$folder/hq/bin/pip" install --quiet hyperqueue; } 2>"$folder/pip.log"; then
          say "hyperqueue cannot be had from PyPI: $(tail -n 1 "$folder/pip.log")"
          continue
        fi
        { echo "#!$folder/hq/bin/python"; cat "$here/tests/hq_stand_in.py"; } > "$folder/hq/bin/hq"
        chmod +x "$folder/hq/bin/hq"
        PATH=$folder/hq/bin:$PATH
      fi
      both "HyperQueue" "$launchers/hyperqueue.sh" ;;
    *) say "unknown launcher $launcher"; exit 2 ;;
  esac
done
say "$runs runs, $faults faults; logs in $folder"
[ "$faults" = 0 ] && [ "$runs" -gt 0 ]
