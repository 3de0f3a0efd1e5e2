#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vcryptoctl against running daemons: every command, every exit status.

Usage: smoke.py PATH-OF-VCRYPTOCTL PATH-OF-DAEMON

The control sockets lie as the systemd unit puts them: DIR/NAME/control."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

# In a build for another machine meson says how its programs are run.
WRAPPER = shlex.split(os.environ.get("MESON_EXE_WRAPPER", ""))
CTL, DAEMON = ([*WRAPPER, program] for program in sys.argv[1:])
FAILURES = []
WAIT = 120  # seconds for what takes milliseconds; a machine that needs longer has failed


def ctl(*args, **env):
    return subprocess.run([*CTL, *args], capture_output=True, text=True, timeout=WAIT,
                          env={**os.environ, **env})


def expect(what, condition, result):
    print(("ok   " if condition else "FAIL ") + what)
    if not condition:
        FAILURES.append(what)
        print(f"     status {result.returncode}\n{result.stdout}{result.stderr}")


def wait_for(what, condition):
    for _ in range(WAIT * 10):
        if condition():
            return True
        time.sleep(0.1)
    FAILURES.append(f"never seen: {what}")
    return False


class Vm:
    """A daemon as the unit starts it."""

    def __init__(self, base, name):
        self.directory = f"{base}/{name}"
        os.mkdir(self.directory)
        self.control = self.directory + "/control"
        self.process = subprocess.Popen([*DAEMON, f"--socket-path={self.directory}/socket",
                                         f"--control={self.control}"])
        # It answers when it is ready; a daemon that never is fails the checks.
        wait_for(f"{name} answers", lambda: self.process.poll() is not None or
                 ctl("-s", self.control, "status").returncode == 0)

    def counter(self, name):
        lines = ctl("-s", self.control, "counters").stdout.splitlines()
        return next((int(l.split()[1]) for l in lines if l.split()[0] == name), -1)

    def worker(self):
        """The supervisor's one child that was started as a worker."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as stat, open(f"/proc/{pid}/cmdline") as line:
                    if (int(stat.read().rsplit(")", 1)[1].split()[1]) == self.process.pid
                            and "--worker=" in line.read()):
                        return int(pid)
            except OSError:
                continue
        return None

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=WAIT)


class Liar(threading.Thread):
    """What a worker that a guest has taken over could answer."""

    def __init__(self, path, answer):
        super().__init__(daemon=True)
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.start()

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            peer.recv(512)
            peer.sendall(self.answer)


def ok(text):
    return b"OK %d\n%s" % (len(text), text)


def checks(path):
    for command in ("status", "stats", "counters", "metrics", "sessions", "engine", "limits"):
        r = ctl("-s", path, command)
        expect(command, r.returncode == 0 and not r.stderr, r)
    r = ctl("stats", VCRYPTOCTL_SOCKET=path)
    expect("the socket from the environment", json.loads(r.stdout)["sessions_live"] == 0, r)
    r = ctl("-s", path, "limits", "set", "ops=5K:7", "bytes=1G")
    expect("limits set", r.returncode == 0 and "ops 5000/s, burst 7" in r.stdout, r)
    for bad in ("ops=many", "ops=0", "ops=0:5", "ops=5:0", "bytes=-1", "keys=99999999999999999999",
                "ops=1:99999999999999999999", "keys=1KK", "ops=1 ops=2", "ops", "disk=1"):
        r = ctl("-s", path, "limits", "set", *bad.split())
        expect(f"no limit: {bad}", r.returncode == 1 and "limits set" in r.stderr, r)
    r = ctl("-s", path, "limits")
    expect("limits are as they were", "ops 5000/s, burst 7" in r.stdout, r)
    r = ctl("-s", path, "limits", "set", "ops=none")
    expect("a limit is taken away", "ops none" in r.stdout, r)
    r = ctl("-s", path, "dance")
    expect("a command that is none", r.returncode == 1 and "help" in r.stderr, r)
    r = ctl("-s", path, "-i", "0.05", "-n", "3", "top")
    expect("top prints a head and three lines",
           r.returncode == 0 and len(r.stdout.splitlines()) == 4, r)
    for words in ("status extra", "stats x", "metrics x", "counters x", "engine x", "sessions 1 2",
                  "limits get", "status json"):
        r = ctl("-s", path, *words.split())
        expect(f"a word too many: {words}", r.returncode == 1 and r.stderr and not r.stdout, r)
    for args in ([], ["--bad"], ["-i", "0", "top"], ["-n", "x", "top"], ["-n", "+1", "top"],
                 ["-n", "99999999999999999999", "top"], ["-i", "nan", "top"], ["x" * 600],
                 ["top", "x"], ["top", "--json"], ["help", "x"], ["--vm=x", "status"],
                 ["--all", "metrics"], ["--all", "status"]):
        r = ctl("-s", path, *args)
        expect(f"bad command line {args}"[:60], r.returncode == 2 and r.stderr, r)
    with open("/dev/full", "w") as full:
        r = subprocess.run([*CTL, "-s", path, "status"], stdout=full, stderr=subprocess.PIPE,
                           text=True, timeout=WAIT)
        r.stdout = ""
        expect("output that is lost", r.returncode == 1, r)


def check_json(path):
    for command, kind in (("status", dict), ("stats", dict), ("counters", dict),
                          ("sessions", list), ("sessions 5", list), ("limits", dict)):
        for words in ([*command.split(), "--json"], ["--json", *command.split()]):
            r = ctl("-s", path, *words)
            try:
                good = isinstance(json.loads(r.stdout), kind)
            except ValueError:
                good = False
            expect(f"JSON: {words}", r.returncode == 0 and good, r)
    for command in ("metrics", "engine"):
        r = ctl("-s", path, command, "--json")
        expect(f"no JSON of {command}", r.returncode == 1 and "JSON" in r.stderr and not r.stdout, r)
    r = ctl("-s", path, "status")
    version = ctl("--version").stdout.split()[1]
    supervisor = "none" if WRAPPER else version
    expect("the supervisor's version", f"supervisor     {supervisor}\n" in r.stdout, r)


def check_found(base, first, second):
    """By the place where the unit puts them."""
    env = {"VCRYPTOCTL_DIR": base}
    r = ctl("status", **env)
    expect("two daemons: a choice", r.returncode == 3 and "--vm=NAME" in r.stderr
           and "vm1\n" in r.stderr and "web.example.org\n" in r.stderr, r)
    r = ctl("--vm=vm1", "limits", "set", "keys=77", **env)
    expect("--vm sets a limit", r.returncode == 0, r)
    r = ctl("-s", first.control, "limits")
    expect("of that VM", "keys 77/s" in r.stdout, r)
    r = ctl("limits", "--vm", "web.example.org", **env)
    expect("and of no other", "keys none" in r.stdout, r)
    for name in ("", ".", "..", "../x/vm1", "vm1/"):
        r = ctl(f"--vm={name}", "status", **env)
        expect(f"--vm={name} is no name", r.returncode == 2 and "name" in r.stderr, r)
    r = ctl("--vm=nosuch", "status", **env)
    expect("no such VM", r.returncode == 3 and "nosuch" in r.stderr, r)
    with tempfile.TemporaryDirectory() as older:
        r = ctl("status", VCRYPTOCTL_DIR=older)
        expect("none at all", r.returncode == 3 and "control" in r.stderr, r)
        os.symlink(second.control, older + "/old.control")
        r = ctl("status", VCRYPTOCTL_DIR=older)
        expect("the only one, in the older place", r.returncode == 0, r)
        r = ctl("--vm=old", "status", VCRYPTOCTL_DIR=older)
        expect("--vm, in the older place", r.returncode == 0, r)


def check_page(what, r):
    """A page of metrics: each family once, each series once. Returns the series."""
    families, series, good = [], [], True
    for line in r.stdout.splitlines():
        if line.startswith("# HELP "):
            families.append(line.split()[2])
        elif line.startswith("# TYPE "):
            good = good and line.split()[2] == families[-1]
        else:
            name, value = line.rsplit(" ", 1)
            float(value)
            series.append(name)
            good = good and name.startswith(families[-1])
    good = good and len(set(families)) == len(families) and len(set(series)) == len(series)
    expect(what, good and len(series) > 50, r)
    return series


def check_metrics(base):
    env = {"VCRYPTOCTL_DIR": base}
    r = ctl("--all", "metrics", **env)
    series = check_page("a page of two VMs has each family and series once", r)
    expect("no complaint", r.returncode == 0 and not r.stderr, r)
    for name in ("vm1", "web.example.org"):
        expect(f"the series of {name}",
               f'virtio_cryptodev_restarts_total{{vm="{name}"}}' in series
               and f'virtio_cryptodev_up{{vm="{name}"}} 1\n' in r.stdout, r)
    output = base + "/page"
    r = ctl("-a", "metrics", "-o", output, **env)
    with open(output) as page:
        expect("--output", r.returncode == 0 and not r.stdout and "vm1" in page.read(), r)
    r = ctl("--vm=nosuch", "metrics", "-o", output, **env)
    with open(output) as page:
        expect("--output of a failure leaves the file", r.returncode == 3 and "vm1" in page.read()
               and not [f for f in os.listdir(base) if f.startswith("page.")], r)
    r = ctl("-s", base + "/vm1/control", "metrics", "-o", base + "/no/such", **env)
    expect("--output that cannot be", r.returncode == 1 and r.stderr, r)


LIES = (
    b"",
    b"virtio_cryptodev_queues 1\n",
    b"# HELP virtio_cryptodev_queues x\nvirtio_cryptodev_queues 1\nvirtio_cryptodev_queues 2\n",
    b'# HELP virtio_cryptodev_queues x\nvirtio_cryptodev_queues{a="1"} 1\n'
    b'virtio_cryptodev_queues{vm="y",a="1"} 2\n',
    b"# HELP node_load1 x\nnode_load1 1\n",
    b"# HELP virtio_cryptodev_up x\nvirtio_cryptodev_up 1\n",
    b"# HELP virtio_cryptodev_queues x\nvirtio_cryptodev_queues NaN\n",
    b"# HELP virtio_cryptodev_queues x\nvirtio_cryptodev_queues 1 2\n",
    b"# HELP virtio_cryptodev_queues x\nvirtio_cryptodev_queues",
    b'# HELP virtio_cryptodev_queues x\nvirtio_cryptodev_queues{vm="vm1} 1\n',
    b"# HELP virtio_cryptodev_request_duration_seconds x\n"
    b"virtio_cryptodev_request_duration_seconds_bucket 1\n",
    b"# HELP virtio_cryptodev_request_duration_seconds_count x\n"
    b"virtio_cryptodev_request_duration_seconds_count 1\n",
    b"# HELP virtio_cryptodev_queues x\\\nvirtio_cryptodev_queues 1\n",
    b"".join(b"# HELP virtio_cryptodev_x%d x\n" % i for i in range(1000)),
    b"# HELP virtio_cryptodev_queues x\n" + b"".join(
        b'virtio_cryptodev_queues{a="%d"} 1\n' % i for i in range(5000)),
)


def check_lies(base):
    """One VM's daemon lies: the page stays what it was for the others."""
    env = {"VCRYPTOCTL_DIR": base}
    for i, lie in enumerate(LIES):
        os.mkdir(f"{base}/0liar{i}")
        Liar(f"{base}/0liar{i}/control", ok(lie))
    r = ctl("--all", "metrics", **env)
    series = check_page("lies do not spoil the page", r)
    expect("they are told", r.returncode == 3 and len(r.stderr.splitlines()) == len(LIES), r)
    expect("nothing of them is in it", not [s for s in series if "0liar" in s and
                                             not s.startswith("virtio_cryptodev_up{")], r)
    expect("the others are", 'virtio_cryptodev_queues{vm="vm1"}' in series, r)
    os.mkdir(base + "/0thief")
    Liar(base + "/0thief/control",
         ok(b'# HELP virtio_cryptodev_queues x\nvirtio_cryptodev_queues{vm="vm1"} 99\n'))
    r = ctl("--all", "metrics", **env)
    expect("a VM cannot speak for another",
           'virtio_cryptodev_queues{vm="0thief"} 99' in r.stdout
           and 'virtio_cryptodev_queues{vm="vm1"} 99' not in r.stdout, r)


def check_terminal(base):
    evil = b"a\x1b]0;owned\x07b\x7f\x9bm\xc2\x9b2J\tc\xc3\xa9\n"
    for name, answer in (("ok", ok(evil)), ("err", b"ERR " + evil)):
        path = f"{base}/{name}.sock"
        Liar(path, answer)
        r = subprocess.run([*CTL, "-s", path, "status"], capture_output=True, timeout=WAIT)
        out = r.stdout + r.stderr
        print(("ok   " if b"a?]0;owned?b??m?" in out else "FAIL ") + f"control characters, {name}")
        if (b"a?]0;owned?b??m?" not in out or b"\tc\xc3\xa9\n" not in out
                or any(c in out for c in (b"\x1b", b"\x07", b"\x7f", b"\x9b"))):
            FAILURES.append(f"control characters reach the terminal: {out}")
    path = base + "/older.sock"
    Liar(path, ok(b"version 0.1.0\n"))
    r = ctl("-s", path, "status", "--json")
    expect("an older daemon's text is no JSON", r.returncode == 1 and not r.stdout, r)


def check_top(vm):
    """top goes on over an upgrade and over a worker's death."""
    top = subprocess.Popen([*CTL, "-s", vm.control, "-i", "0.05", "top"], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    lines = [top.stdout.readline() for _ in range(3)]
    for what, number, disturb in (
            ("an upgrade", "upgrades", lambda: vm.process.send_signal(signal.SIGHUP)),
            ("a worker's death", "restarts", lambda: os.kill(vm.worker(), signal.SIGKILL))):
        before = vm.counter(number)
        disturb()
        wait_for(what, lambda: vm.counter(number) == before + 1)
        # The pipe may hold lines of before: these are fewer than so many.
        lines = [top.stdout.readline() for _ in range(40)]
        print(("ok   " if all(lines) else "FAIL ") + f"top survives {what}")
        if not all(lines):
            FAILURES.append(f"top ended at {what}: {top.stderr.read()}")
    top.terminate()
    top.wait()


def main():
    with tempfile.TemporaryDirectory() as base:
        r = ctl("-s", base + "/control", "status")
        expect("no daemon there", r.returncode == 3 and "--control" in r.stderr, r)
        first, second = Vm(base, "vm1"), None
        try:
            r = ctl("status", VCRYPTOCTL_DIR=base)
            expect("the only daemon is found", r.returncode == 0 and "engine" in r.stdout, r)
            second = Vm(base, "web.example.org")
            checks(first.control)
            check_json(first.control)
            check_found(base, first, second)
            check_metrics(base)
            if not WRAPPER:
                check_top(first)
            check_terminal(base)
            check_lies(base)
        finally:
            for vm in filter(None, (first, second)):
                status = vm.end()
                if status != 0:
                    FAILURES.append(f"a daemon ended with {status}")
    for args in (["--help"], ["--version"], ["help"]):
        r = ctl(*args)
        expect(args[0], r.returncode == 0 and r.stdout and not r.stderr, r)
    r = ctl("help")
    expect("help is --help, with top in it", r.stdout == ctl("--help").stdout
           and "\n  top " in r.stdout, r)
    print(f"{len(FAILURES)} failures", *FAILURES, sep="\n")
    return bool(FAILURES)


sys.exit(main())
