# SPDX-License-Identifier: MIT
"""A sweep whose shards are tasks of dask or Ray, as docs/python.md has it: the bytes of one process. By hand.

    PYTHONPATH=build/python python tests/python/tasks.py dask|ray     where distributed or ray is installed
"""

import json
import pathlib
import sys
import tempfile

import halfulp
from small_sweep import SWEEP

COUNT = 4


def shard(number, config, out):
    try:
        halfulp.run(config, out, shard=f"{number}/{COUNT}", steal=True, progress=False, no_run_info=True)
    except RuntimeError:
        pass  # done, and another one writes the result


def by_dask(config, out):
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        with Client(cluster) as client:
            client.gather(client.map(shard, range(1, COUNT + 1), config=config, out=out))


def by_ray(config, out):
    import ray

    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1")
    task = ray.remote(shard)
    ray.get([task.remote(number, config, out) for number in range(1, COUNT + 1)])
    ray.shutdown()


def main():
    want = halfulp.run(SWEEP, progress=False, no_run_info=True).text
    with tempfile.TemporaryDirectory() as folder:
        config, out = pathlib.Path(folder) / "sweep.json", pathlib.Path(folder) / "result.json"
        config.write_text(json.dumps(SWEEP))
        {"dask": by_dask, "ray": by_ray}[sys.argv[1]](str(config), str(out))
        same = out.read_text() == want
    print(f"{sys.argv[1]}: {'the same bytes' if same else 'other bytes'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
