#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of what the suite makes of measurements: verdicts, tables, plots. Nothing is measured."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

TOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, TOOLS)

from suite import guests, names, plot, rows, sections  # noqa: E402


class Rows(unittest.TestCase):
    def test_verdicts(self):
        for value, target, sense, met, verdict in [
                (6.1, 6, ">=", True, "met"), (6, 6, ">=", True, "met"),
                (5.9, 6, ">=", False, "MISSED"), (1.9, 2, "<=", True, "met"),
                (2.1, 2, "<=", False, "MISSED"), (None, 2, "<=", None, "not measured"),
                (3, None, ">=", None, "")]:
            row = rows.Row("x", value=value, target=target, sense=sense)
            self.assertIs(row.met(), met)
            self.assertEqual(row.verdict(), verdict)
            self.assertIs(row.as_dict()["met"], met)

    def test_numbers(self):
        for value, text in [(None, "-"), (0.123, "0.12"), (9.999, "10.00"), (12.34, "12.3"),
                            (1234.5, "1234"), (2500000, "2.50M")]:
            self.assertEqual(rows.number(value), text)

    def test_line(self):
        text = rows.line(rows.Row("thing", value=5, low=4, high=6, target=6, note="why"))
        self.assertIn("4.00 to 6.00", text)
        self.assertIn(">= 6.00 x", text)
        self.assertIn("MISSED", text)
        self.assertTrue(text.endswith("\n    (why)"))

    def test_objects(self):
        text = "mark\n{\"a\": 1}\n{broken\nvcrypto-bench: no\n{\"b\": 2}\n"
        self.assertEqual(rows.objects(text), [{"a": 1}, {"b": 2}])

    def test_summary(self):
        some = [rows.Row("a", value=1, target=1), rows.Row("b", value=0, target=1),
                rows.Row("c", target=1), rows.Row("d", value=1)]
        self.assertEqual(rows.summary(some), "3 targets: 1 met, 1 missed, 1 not measured")


class Names(unittest.TestCase):
    def test_digests(self):
        for alg in ["md5", "sha1", "sha3-256", "ripemd160", "hmac-sha256", "aes-128-cmac"]:
            self.assertTrue(names.is_digest(alg))
        for alg in ["aes-128-cbc", "aes-256-gcm", "chacha20-poly1305", "3des-cbc"]:
            self.assertFalse(names.is_digest(alg))


class Peers(unittest.TestCase):
    TEXT = """contender        bytes threads       op/s      MB/s    p50 us    p99 us   host us/op
in-process          16       1      77369      1.24       9.0      20.0         14.0
virtio-crypto       16       1        351      0.01    2702.0    9000.0       3605.0
in-process          16       4      95387      1.53       8.9      20.0         14.0
run: something else
"""

    def test_table(self):
        self.assertEqual(guests.table(self.TEXT), {
            (16, 1): {"in-process": (77369.0, 9.0), "virtio-crypto": (351.0, 2702.0)},
            (16, 4): {"in-process": (95387.0, 8.9)}})


def fake_run(directory):
    one = {"section": "sizes", "mode": "wire", "alg": "aes-128-cbc", "op": "encrypt"}
    two = {"section": "curve", "mode": "wire", "alg": "aes-128-cbc", "op": "encrypt",
           "worker_memory": 2**21}
    return types.SimpleNamespace(
        directory=directory, failures=0, say=lambda text: None, results=[
            {**one, "size": 64, "bytes_per_s": 1e6}, {**one, "size": 16, "bytes_per_s": 3e6},
            {**two, "sessions": 1, "threads": 1, "ops_per_s": 1000},
            {**two, "sessions": 10, "threads": 1, "ops_per_s": 2000},
            {**two, "sessions": 8, "threads": 2, "ops_per_s": 3000},
            {"section": "peers", "mode": "peers", "size": 16, "threads": 1,
             "contender": "daemon", "ops_per_s": 5, "p50_ns": 1}])


class Plots(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        with open(os.path.join(self.directory, "latency-pingpong.json"), "w",
                  encoding="utf-8") as file:
            json.dump({"latency_ns": {"count": 4, "buckets": [[1000, 1], [2000, 3]]}}, file)

    def test_data(self):
        run = fake_run(self.directory)
        self.assertEqual(plot.by_size(run.results, "aes-128-cbc", "encrypt"),
                         [("wire", [(16, 3.0), (64, 1.0)])])
        self.assertEqual(plot.by_count(run.results, "sessions", "ops_per_s", 1e3),
                         [(1, 1.0), (10, 2.0)])
        self.assertEqual(plot.by_count(run.results, "threads", "ops_per_s", 1e3), [(2, 3.0)])
        self.assertEqual(
            plot.distribution(os.path.join(self.directory, "latency-pingpong.json")),
            [(25.0, 1.0), (100.0, 2.0)])

    def test_which(self):
        found = [os.path.basename(path) for path, _ in plot.plots(fake_run(self.directory))]
        self.assertEqual(found, ["throughput-aes-128-cbc-encrypt.svg", "sessions.svg",
                                 "sessions-memory.svg", "queues.svg", "queues-memory.svg",
                                 "latency.svg", "peers.svg"])

    @unittest.skipUnless(shutil.which("gnuplot"), "no gnuplot")
    def test_drawn(self):
        run = fake_run(self.directory)
        self.assertEqual(len(plot.draw_all(run)), 7)
        self.assertEqual(run.failures, 0)
        with open(os.path.join(self.directory, "peers.svg"), encoding="utf-8") as file:
            self.assertIn("<svg", file.read())


class CommandLine(unittest.TestCase):
    SUITE = os.path.join(TOOLS, "bench-suite")

    def run_suite(self, *arguments):
        return subprocess.run([sys.executable, self.SUITE, *arguments], capture_output=True,
                              text=True, check=False)

    def test_help(self):
        done = self.run_suite("--help")
        self.assertEqual(done.returncode, 0)
        for name in sections.ALL:
            self.assertIn(name, done.stdout)

    def test_refused(self):
        for arguments in [["--only=nonsense"], ["--bench=/nonexistent"], ["--seconds=much"]]:
            done = self.run_suite(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr)


unittest.main(verbosity=2)
