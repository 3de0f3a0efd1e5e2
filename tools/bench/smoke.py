#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Smoke test of vcrypto-bench: does each mode measure, is what it prints an
object with the documented members and sane values, is a bad command line
refused. No speed is asserted.

Usage: smoke.py PATH-OF-VCRYPTO-BENCH"""

import json
import os
import subprocess
import sys

MEMBERS = ["mode", "alg", "op", "size", "depth", "threads", "sessions", "engine",
           "ops_per_s", "bytes_per_s", "p50_ns", "p99_ns", "cpu_ns_per_op"]

BENCH = sys.argv[1]
FAILURES = []


def run(*args):
    # Output is small: waiting for the end first cannot fill a pipe.
    return subprocess.run([BENCH, *args], capture_output=True, text=True, timeout=300)


def expect(what, condition, result):
    print(("ok   " if condition else "FAIL ") + what)
    if not condition:
        FAILURES.append(what)
        print(f"     status {result.returncode}\n{result.stdout}{result.stderr}")


def objects(result):
    try:
        return [json.loads(line) for line in result.stdout.splitlines()]
    except ValueError:
        return []


def sane(o):
    return (list(o) == MEMBERS and o["ops_per_s"] > 0 and o["p50_ns"] > 0
            and o["p50_ns"] <= o["p99_ns"] and o["cpu_ns_per_op"] > 0
            and abs(o["bytes_per_s"] - o["ops_per_s"] * o["size"]) <= o["size"])


def check_mode(mode, *args, depth=4, count=1):
    result = run(mode, "--seconds=0.1", "--depth=4", "--json", *args)
    found = objects(result)
    expect(" ".join([mode, *args]), result.returncode == 0 and len(found) == count
           and all(sane(o) for o in found)
           and all(o["mode"] == mode and o["depth"] == depth for o in found), result)


check_mode("engine")
check_mode("engine", "--size=16,4096", "--threads=2", "--sessions=3", count=2)
check_mode("engine", "--alg=aes-256-xts", "--op=decrypt", "--engine=openssl")
check_mode("engine", "--alg=aes-192-ctr", "--size=1")
check_mode("openssl", depth=1)
check_mode("openssl", "--alg=3des-cbc", "--op=decrypt", depth=1)
check_mode("wire")
check_mode("wire", "--size=16,65536", "--threads=2", "--sessions=5", count=2)
check_mode("wire", "--op=decrypt", "--alg=aes-256-cbc", "--poll-us=20", "--spin-us=0")
if os.path.exists("/dev/crypto"):
    check_mode("dev", depth=1)
else:
    r = run("dev", "--seconds=0.1")
    expect("dev without a device", r.returncode == 1 and "/dev/crypto" in r.stderr, r)

r = run("wire", "--compare=engine", "--seconds=0.2", "--json")
expect("compare", r.returncode == 0 and [o["mode"] for o in objects(r)] == ["wire", "engine"]
       and all(sane(o) for o in objects(r)), r)
r = run("wire", "--compare=engine", "--seconds=0.2")
expect("compare, for people", r.returncode == 0 and "wire / engine at 4096 bytes:" in r.stdout
       and r.stdout.startswith("machine"), r)

for bad in [[], ["wire", "engine"], ["nonsense"], ["engine", "--alg=rot13"],
            ["engine", "--alg=aes-cbc"], ["engine", "--alg=aes-512-cbc"], ["engine", "--op=sign"],
            ["engine", "--size=0"], ["engine", "--size=15"], ["engine", "--size=16,,32"],
            ["engine", "--size=1e3"], ["engine", "--depth=0"], ["engine", "--threads=65"],
            ["engine", "--sessions=-1"], ["engine", "--seconds=0"], ["engine", "--seconds=nan"],
            ["engine", "--compare=nonsense"], ["engine", "--no-such-option"]]:
    r = run(*bad)
    expect("refused: " + " ".join(bad), r.returncode == 2 and r.stderr and not r.stdout, r)

for args in [["engine", "--engine=nonsense"], ["wire", "--engine=nonsense"],
             ["wire", "--daemon=/nonexistent"]]:
    r = run(*args, "--seconds=0.1", "--json")
    expect("fails: " + " ".join(args), r.returncode == 1 and r.stderr and not r.stdout, r)

for args, text in [(["--help"], "Usage: vcrypto-bench"), (["--version"], "vcrypto-bench ")]:
    r = run(*args)
    expect(args[0], r.returncode == 0 and r.stdout.startswith(text), r)

sys.exit(1 if FAILURES else 0)
