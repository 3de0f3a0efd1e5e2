#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vcryptoctl against a running daemon: every command, every exit status.

Usage: smoke.py PATH-OF-VCRYPTOCTL PATH-OF-DAEMON"""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time

# In a build for another machine meson says how its programs are run. The daemon is one process
# there: an emulator of processes cannot execute the worker.
WRAPPER = shlex.split(os.environ.get("MESON_EXE_WRAPPER", ""))
CTL, DAEMON = ([*WRAPPER, program] for program in sys.argv[1:])
FAILURES = []


def ctl(*args, **env):
    return subprocess.run([*CTL, *args], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **env})


def expect(what, condition, result):
    print(("ok   " if condition else "FAIL ") + what)
    if not condition:
        FAILURES.append(what)
        print(f"     status {result.returncode}\n{result.stdout}{result.stderr}")


def checks(path):
    for command in ("status", "stats", "counters", "metrics", "sessions", "engine", "limits"):
        r = ctl("-s", path, command)
        expect(command, r.returncode == 0 and not r.stderr, r)
    r = ctl("stats", VCRYPTOCTL_SOCKET=path)
    expect("the socket from the environment", json.loads(r.stdout)["sessions_live"] == 0, r)
    r = ctl("-s", path, "limits", "set", "ops=5K:7", "bytes=1G")
    expect("limits set", r.returncode == 0 and "ops 5000/s, burst 7" in r.stdout, r)
    r = ctl("-s", path, "limits", "set", "ops=many")
    expect("a limit that is none", r.returncode == 1 and "rate" in r.stderr, r)
    r = ctl("-s", path, "dance")
    expect("a command that is none", r.returncode == 1 and "help" in r.stderr, r)
    r = ctl("-s", path, "-i", "0.05", "-n", "3", "top")
    expect("top prints a head and three lines",
           r.returncode == 0 and len(r.stdout.splitlines()) == 4, r)
    for args in ([], ["--bad"], ["-i", "0", "top"], ["-n", "x", "top"], ["x" * 600]):
        r = ctl("-s", path, *args)
        expect(f"bad command line {args}"[:60], r.returncode == 2 and r.stderr, r)
    with open("/dev/full", "w") as full:
        r = subprocess.run([*CTL, "-s", path, "status"], stdout=full, stderr=subprocess.PIPE,
                           text=True, timeout=120)
        r.stdout = ""
        expect("output that is lost", r.returncode == 1, r)


def main():
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/control"
        r = ctl("-s", path, "status")
        expect("no daemon there", r.returncode == 3 and "--control" in r.stderr, r)
        daemon = subprocess.Popen([*DAEMON, f"--socket-path={directory}/socket",
                                   f"--control={path}",
                                   *(["--no-supervisor"] if WRAPPER else [])])
        try:
            # It answers when it is ready; a daemon that never is fails the checks.
            for _ in range(600):
                if daemon.poll() is not None or ctl("-s", path, "help").returncode == 0:
                    break
                time.sleep(0.1)
            checks(path)
        finally:
            daemon.send_signal(signal.SIGTERM)
            status = daemon.wait(timeout=120)
    for args in (["--help"], ["--version"]):
        r = ctl(*args)
        expect(args[0], r.returncode == 0 and r.stdout and not r.stderr, r)
    if status != 0:
        FAILURES.append(f"the daemon ended with {status}")
    print(f"{len(FAILURES)} failures", *FAILURES, sep="\n")
    return bool(FAILURES)


sys.exit(main())
