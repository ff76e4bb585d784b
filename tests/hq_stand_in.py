# SPDX-License-Identifier: MIT
"""`hq submit --wait ...` as data/launchers/hyperqueue.sh calls it, by HyperQueue's Python module: a server and a worker
of its own for the time of the call. The wheel has no command `hq`; tests/launchers.sh puts this in its place."""
import argparse
import tempfile

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig
from hyperqueue.task.program import ExternalProgram

parser = argparse.ArgumentParser()
parser.add_argument("verb", choices=["submit"])
parser.add_argument("--wait", action="store_true", required=True)
parser.add_argument("--name")
parser.add_argument("--array", required=True)
parser.add_argument("--cpus", type=int)
parser.add_argument("--cwd")
parser.add_argument("--env", action="append", default=[])
parser.add_argument("command", nargs="+")
call = parser.parse_args()
first, last = (int(number) for number in call.array.split("-"))
with tempfile.TemporaryDirectory() as folder, LocalCluster(folder, WorkerConfig(cores=4)) as cluster:
    client = cluster.client()
    job = Job(default_workdir=call.cwd, default_env=dict(pair.split("=", 1) for pair in call.env), max_fails=None)
    for number in range(first, last + 1):
        # Job.program() would number the tasks from 0.
        job._add_task(ExternalProgram(number, args=call.command, env=job.default_env, cwd=job.default_workdir,
                                      resources=None))
    submitted = client.submit(job)
    failed = not client.wait_for_jobs([submitted], raise_on_error=False)
raise SystemExit(failed)
