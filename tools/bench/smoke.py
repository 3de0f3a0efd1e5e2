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
import tempfile

MEMBERS = ["mode", "alg", "op", "size", "depth", "threads", "sessions", "engine",
           "ops_per_s", "bytes_per_s", "p50_ns", "p99_ns", "cpu_ns_per_op"]

BENCH = sys.argv[1]
FAILURES = []


def run(*args, **env):
    # Output is small: waiting for the end first cannot fill a pipe.
    return subprocess.run([BENCH, *args], capture_output=True, text=True, timeout=300,
                          env={**os.environ, **env})


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
check_mode("wire", "--place=apart", "--threads=2")
check_mode("wire", "--place=together", "--threads=3")
check_mode("engine", "--size=16,4096", "--threads=2", "--sessions=3", count=2)
check_mode("engine", "--alg=aes-256-xts", "--op=decrypt", "--engine=openssl")
check_mode("engine", "--alg=aes-192-ctr", "--size=1")
check_mode("openssl", depth=1)
check_mode("openssl", "--alg=3des-cbc", "--op=decrypt", depth=1)
check_mode("wire")
check_mode("wire", "--size=16,65536", "--threads=2", "--sessions=5", count=2)
check_mode("wire", "--op=decrypt", "--alg=aes-256-cbc", "--poll-us=20", "--spin-us=0")

# Every kind of algorithm, on every way that works here; each result is compared with libcrypto's.
for alg, op in [("null", "encrypt"), ("sha256", "digest"), ("hmac-sha1", "digest"),
                ("aes-128-cmac", "digest"), ("aes-256-gcm", "encrypt"), ("aes-128-gcm", "decrypt"),
                ("aes-128-ccm", "decrypt"), ("chacha20-poly1305", "encrypt")]:
    for mode in ["engine", "wire"] + ([] if alg == "null" else ["openssl"]):
        check_mode(mode, f"--alg={alg}", f"--op={op}", "--size=48,8192", "--seconds=0.02",
                   depth=1 if mode == "openssl" else 4, count=2)
check_mode("wire", "--alg=aes-128-gcm", "--aad=0", "--tag=8")

if os.path.exists("/dev/crypto"):
    check_mode("dev", depth=1)
    check_mode("dev", "--submit=batch", "--batch=8", depth=8)
    check_mode("dev", "--submit=async")
    check_mode("dev", "--alg=aes-128-gcm", depth=1)
else:
    r = run("dev", "--seconds=0.1")
    expect("dev without a device", r.returncode == 1 and "/dev/crypto" in r.stderr, r)

# Round trips with nothing in them: no bytes, no algorithm.
for mode in ["pingpong", "eventfd", "syscall"]:
    r = run(mode, "--seconds=0.1", "--json", "--details")
    found = objects(r)
    expect(mode, r.returncode == 0 and len(found) == 1 and found[0]["mode"] == mode
           and found[0]["alg"] == "none" and found[0]["ops_per_s"] > 0
           and 0 < found[0]["min_ns"] <= found[0]["p50_ns"] <= found[0]["max_ns"], r)

r = run("wire", "--compare=engine", "--seconds=0.2", "--json")
found = objects(r)
expect("compare", r.returncode == 0 and [o.get("mode") for o in found] == ["wire", "engine", None]
       and all(sane(o) for o in found[:2])
       and [found[2][k] for k in ("compare", "vs", "pairs")] == ["wire", "engine", 10], r)
r = run("wire", "--compare=engine", "--seconds=0.2")
expect("compare, for people", r.returncode == 0 and "wire / engine at 4096 bytes:" in r.stdout
       and r.stdout.startswith("machine"), r)
sides = ["wire:depth=8,sessions=2,poll-us=20", "engine:depth=2,engine=openssl"]
r = run(f"--compare={sides[0]}", f"--vs={sides[1]}", "--seconds=0.2", "--pairs=4", "--json",
        "--alg=aes-128-ctr")
found = objects(r)
expect("compare two sides", r.returncode == 0 and len(found) == 3
       and [(o["mode"], o["depth"], o["sessions"]) for o in found[:2]]
       == [("wire", 8, 2), ("engine", 2, 1)]
       and [found[2][k] for k in ("compare", "vs", "pairs", "alg")] == sides + [4, "aes-128-ctr"]
       and all(found[2][k]["min"] <= found[2][k]["q1"] <= found[2][k]["median"]
               <= found[2][k]["q3"] <= found[2][k]["max"] and found[2][k]["min"] > 0
               for k in ("ops_ratio", "p50_ratio", "cpu_ratio", "busy_ratio")), r)

# Keys by name: nothing is left of a keeper, whether it worked or not.
with tempfile.TemporaryDirectory() as folder:
    os.chmod(folder, 0o711)

    def run_keys(*args):
        return run(*args, "--json", TMPDIR=folder)

    r = run_keys("keys", "--seconds=0.05", "--depth=8", "--threads=2", "--keeper-threads=2")
    found = objects(r)
    expect("keys", r.returncode == 0 and [o["alg"] for o in found] == ["p256", "rsa-2048", "ed25519"]
           and all(sane(o) and (o["mode"], o["op"], o["size"], o["depth"], o["threads"])
                   == ("keys", "sign", 32, 8, 2) for o in found), r)
    r = run_keys("keys", "--compare=sign", "--seconds=0.2", "--pairs=2", "--key=ed25519",
                 "--keeper-threads=1")
    found = objects(r)
    expect("keys and sign", r.returncode == 0
           and [(o["alg"], o.get("depth"), o.get("threads")) for o in found]
           == [("ed25519", 64, 1), ("ed25519", 1, 1), ("ed25519", None, None)]
           and all(sane(o) for o in found[:2]) and found[2]["op"] == "sign"
           and found[2]["ops_ratio"]["min"] > 0, r)
    r = run_keys("--compare=wire:slow-load=8,slow-ms=20", "--vs=wire", "--seconds=0.2", "--pairs=2")
    found = objects(r)
    expect("slow load", r.returncode == 0 and len(found) == 3 and all(sane(o) for o in found[:2])
           and found[2]["ops_ratio"]["min"] > 0, r)
    for args in [["keys", "--keeper=/nonexistent"], ["keys", "--keeper=/bin/false"],
                 ["keys", "--daemon=/nonexistent"], ["wire", "--slow-load=1", "--slow-module=/nonexistent"],
                 ["wire", "--slow-load=1", "--slow-module=/dev/null"]]:
        r = run_keys(*args, "--key=p256", "--seconds=0.1")
        expect("fails: " + " ".join(args), r.returncode == 1 and r.stderr and not r.stdout, r)
    expect("nothing is left of keepers", not os.listdir(folder), r)

r = run("wire", "--seconds=0.1", "--json", "--details")
found = objects(r)
expect("details", r.returncode == 0 and len(found) == 1 and list(found[0])[:len(MEMBERS)] == MEMBERS
       and found[0]["worker_memory"] > 1 << 18
       and 0 < found[0]["worker_cpu_ns_per_op"] <= found[0]["cpu_ns_per_op"]
       and found[0]["min_ns"] <= found[0]["p10_ns"] <= found[0]["p50_ns"] <= found[0]["p90_ns"]
       <= found[0]["p99_ns"] <= found[0]["p999_ns"] <= found[0]["max_ns"], r)

with tempfile.NamedTemporaryFile() as file:
    r = run("engine", "--seconds=0.1", "--size=64,256", f"--histogram={file.name}")
    lines = [json.loads(line) for line in open(file.name, encoding="utf-8")]
    expect("histogram", r.returncode == 0 and [h["size"] for h in lines] == [64, 256]
           and all(sum(n for _, n in h["latency_ns"]["buckets"]) == h["latency_ns"]["count"] > 0
                   for h in lines), r)

r = run("engine", "--seconds=0.1", "--clock=tsc", "--json")
expect("tsc, or refused where it may not be used",
       (r.returncode == 0 and all(sane(o) for o in objects(r))) or "--clock=tsc" in r.stderr, r)

r = run("--list")
expect("list", r.returncode == 0 and {"aes-128-cbc", "aes-256-xts", "sha3-256", "hmac-md5", "null",
                                      "aes-192-cmac", "chacha20-poly1305"}
       <= set(r.stdout.split()), r)

# test_options.c has many more.
for bad in [[], ["wire", "engine"], ["nonsense"], ["engine", "--size=15"],
            ["engine", "--compare=nonsense"], ["--compare=wire:depth=0", "--vs=engine"],
            ["engine", "--no-such-option"]]:
    r = run(*bad)
    expect("refused: " + " ".join(bad), r.returncode == 2 and r.stderr and not r.stdout, r)

for args in [["engine", "--engine=nonsense"], ["wire", "--engine=nonsense"],
             ["wire", "--daemon=/nonexistent"], ["openssl", "--alg=null"],
             ["engine", "--histogram=/nonexistent/file"]]:
    r = run(*args, "--seconds=0.1", "--json")
    expect("fails: " + " ".join(args), r.returncode == 1 and r.stderr and not r.stdout, r)

for args, text in [(["--help"], "Usage: vcrypto-bench"), (["--version"], "vcrypto-bench ")]:
    r = run(*args)
    expect(args[0], r.returncode == 0 and r.stdout.startswith(text), r)

sys.exit(1 if FAILURES else 0)
