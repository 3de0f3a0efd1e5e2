# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of the suite: starts programs, keeps what they say, writes the results."""

import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time

from . import plot, rows

# Longest time for one program; the first guest may have to build its kernel.
PATIENCE = 1800


class Run:
    def __init__(self, args):
        self.args = args
        self.seconds = args.seconds
        self.quick = args.quick
        self.rows = []
        self.results = []
        self.failures = 0
        self.section = ""
        self.started = time.time()
        self.directory = os.path.join(args.out, "bench")
        os.makedirs(self.directory, exist_ok=True)
        self.report = open(os.path.join(self.directory, "report.txt"), "w", encoding="utf-8")
        self.machine = machine(args.bench)
        self.show(f"{self.machine['cpu']}, {self.machine['cpus']} CPUs, "
                  f"Linux {self.machine['kernel']}, {self.machine['libcrypto']}\n"
                  f"load {self.machine['load']} before; {self.seconds:g} s for each measurement")

    # ---- output

    def show(self, text):
        print(text, flush=True)
        self.report.write(text + "\n")
        self.report.flush()

    @staticmethod
    def say(text):
        print("bench-suite: " + text, file=sys.stderr, flush=True)

    def begin(self, name, title):
        self.section = name
        self.show(f"\n== {title}  [load {load()}]\n")

    def row(self, what, **fields):
        row = rows.Row(what, **fields)
        self.rows.append(row)
        self.show(rows.line(row))
        return row

    def missing(self, what, why, failure=True, **fields):
        """What should have been measured and was not."""
        self.failures += failure
        return self.row(what, note=why, **fields)

    # ---- programs

    def execute(self, command):
        """Output of a program, or None when it failed: that is said."""
        self.say(shlex.join(command)[:150])
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE,
                                  stdin=subprocess.DEVNULL, check=False)
        except (OSError, subprocess.TimeoutExpired) as why:
            self.say(f"{command[0]}: {why}")
            return None
        if done.returncode:
            self.say(f"status {done.returncode}: {done.stderr.strip()[-600:]}")
            return None
        return done.stdout

    def keep(self, found, command):
        for one in found:
            self.results.append({"section": self.section, "command": command, **one})
        return found

    def measure(self, *arguments, seconds=None):
        """vcrypto-bench; its objects, or None."""
        command = [self.args.bench, *arguments, "--json", "--details",
                   f"--seconds={seconds or self.seconds:g}"] + ["--place=apart"] * self.args.pin
        text = self.execute(command)
        return None if text is None else self.keep(rows.objects(text), shlex.join(command))

    def guest(self, options, workloads):
        """vcrypto-bench for each of the workloads, in one guest; a list of lists of objects, or
        None when there was no guest. What failed in the guest has an empty list."""
        script = []
        for i, workload in enumerate(workloads):
            script.append(f"echo mark {i}")
            script.append(f"./vcrypto-bench {workload} --json --details "
                          f"--seconds={self.seconds:g} || true")
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "measure.sh")
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(script) + "\n")
            command = ["tests/vm/run", "--timeout=1500", *options, f"--add={self.args.bench}",
                       f"--add={path}", "--", "sh", "measure.sh"]
            text = self.execute(command)
        if text is None:
            return None
        parts = text.split("mark ")[1:]
        found = []
        for workload, part in zip(workloads, parts):
            command = shlex.join(["tests/vm/run", *options, f"--add={self.args.bench}", "--"]) + \
                f" ./vcrypto-bench {workload}"
            found.append(self.keep(rows.objects(part), command))
        return found

    # ---- results

    def end(self):
        self.begin("end", "Targets")
        for row in self.rows:
            if row.target is not None:
                self.show(f"{row.verdict():<13} {row.what}: {rows.number(row.value)} {row.unit}, "
                          f"target {row.sense} {rows.number(row.target)} {row.unit}")
        self.show("\n" + rows.summary(self.rows))
        path = os.path.join(self.args.out, "bench.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"machine": {**self.machine, "load_after": load()},
                       "seconds": self.seconds, "quick": self.quick,
                       "took_seconds": round(time.time() - self.started),
                       "rows": [row.as_dict() for row in self.rows],
                       "measurements": self.results}, file, indent=1)
            file.write("\n")
        drawn = plot.draw_all(self)
        self.show(f"written: {path}, {self.report.name}" + "".join(", " + d for d in drawn))
        self.report.close()


def load():
    with open("/proc/loadavg", encoding="utf-8") as file:
        return " ".join(file.read().split()[:3])


def machine(bench):
    cpu = "unknown CPU"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for one in file:
            if one.startswith("model name"):
                cpu = one.split(":", 1)[1].strip()
                break
    text = subprocess.run([bench, "engine", "--seconds=0.001"], capture_output=True, text=True,
                          check=False).stdout
    libcrypto = [one.split(None, 1)[1] for one in text.splitlines() if one.startswith("libcrypto")]
    return {"cpu": cpu, "cpus": os.cpu_count(), "kernel": platform.release(),
            "libcrypto": libcrypto[0] if libcrypto else "unknown", "load": load(),
            "kvm": os.access("/dev/kvm", os.R_OK | os.W_OK)}
