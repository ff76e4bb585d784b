# SPDX-License-Identifier: MIT
"""Experiments through the module: a run, its frame and pictures, shards, what a probe finds, Ctrl-C."""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import matplotlib

import halfulp
from halfulp import program
from small_sweep import SWEEP

matplotlib.use("agg")  # draws without a screen


class Runs(unittest.TestCase):
    def test_are_the_program_s_in_every_byte(self):
        with tempfile.TemporaryDirectory() as folder:
            config, out = pathlib.Path(folder) / "c.json", pathlib.Path(folder) / "r.json"
            config.write_text(json.dumps(SWEEP))
            subprocess.run([program.path(), "run", config, "-o", out, "--no-run-info", "--quiet"], check=True)
            self.assertEqual(halfulp.run(SWEEP, progress=False, no_run_info=True).text, out.read_text())

    def test_have_pictures_and_points(self):
        result = halfulp.run(SWEEP, progress=False)
        self.assertEqual(len(result["points"]), 3)
        self.assertTrue(result.svg().startswith("<svg") or "<svg" in result.svg())
        self.assertIn("<html", result.html())
        self.assertIn("model size", repr(result))

    def test_have_a_frame_and_are_plotted(self):
        result = halfulp.run(SWEEP, progress=False)
        frame = result.to_dataframe()
        metrics = set(frame["metric"])
        self.assertEqual(list(frame.columns), ["point", "sketch_size", "metric", "repeat", "value"])
        self.assertEqual(len(frame), 3 * 4 * len(metrics))
        metric = sorted(metrics)[0]
        axes = result.plot("sketch_size", metric)
        x, y = axes.lines[0].get_data()
        means = frame[frame["metric"] == metric].groupby("sketch_size")["value"].mean()
        self.assertEqual((list(x), list(y)), ([4, 8, 16], list(means)))
        self.assertEqual(len(result.plot("sketch_size", metric, by="point").lines), 3)
        with self.assertRaisesRegex(ValueError, metric):
            result.plot("sketch_size", "nothing")

    def test_come_in_shards(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "r.json"
            with self.assertRaisesRegex(RuntimeError, "shard 1/2"):
                halfulp.run(SWEEP, out, shard="1/2", progress=False)
            whole = halfulp.run(SWEEP, out, shard="2/2", progress=False, no_run_info=True)
        self.assertEqual(whole.text, halfulp.run(SWEEP, progress=False, no_run_info=True).text)

    def test_are_stopped_by_control_c_and_go_on(self):
        with tempfile.TemporaryDirectory() as folder:
            script = ("import halfulp, sys, json\n"
                      "halfulp.run(json.loads(sys.argv[1]), sys.argv[2], progress=False)\n")
            document = SWEEP | {"repeats": 200000}
            out = pathlib.Path(folder) / "r.json"
            process = subprocess.Popen([sys.executable, "-c", script, json.dumps(document), str(out)],
                                       stderr=subprocess.PIPE, text=True)
            journal = pathlib.Path(f"{out}.journal")
            for _ in range(400):
                if journal.exists():
                    break
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=30)
            self.assertIn("KeyboardInterrupt", told)
            self.assertTrue(journal.exists())


class Probe(unittest.TestCase):
    def test_finds_the_unit_behind_a_function(self):
        def device(a, b, c):
            return halfulp.gemm(a, b, c, unit="nv.ampere.mma.f16.f32")

        found = halfulp.probe(device, a_format="binary16", terms=8)
        self.assertTrue(found.good)
        self.assertIn("nv.ampere.mma.f16.f32", str(found))


class Blame(unittest.TestCase):
    def test_is_a_report_with_a_picture(self):
        document = {
            "experiment": "training", "seed": 1, "repeats": 1,
            "problem": {"model": {"kind": "linear", "inputs": 8}},
            "training": {"optimizer": "sgd", "learning_rate": 0.1, "steps": 20, "batch": 16},
            "policy": {"schema": "policy/1", "base": {"native": "binary32", "use": {"weight": "float8_e4m3fn"}}},
        }
        report = halfulp.blame(document, progress=False)
        self.assertIn("full", report)
        self.assertIn("<svg", report._repr_html_())


if __name__ == "__main__":
    unittest.main()
