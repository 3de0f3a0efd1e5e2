# SPDX-License-Identifier: GPL-2.0-or-later
"""SVG plots of what was measured, by gnuplot."""

import json
import os
import shutil
import subprocess

HEAD = """set terminal svg size 720,440 font 'sans,12' background '#ffffff'
set output '{path}'
set title '{title}' noenhanced
set xlabel '{x}'
set ylabel '{y}'
set grid
set key {key} noenhanced
"""


def script(path, title, x, y, curves, logscale="", style="linespoints", key="left top"):
    """A gnuplot program; curves are (name, [(x, y), ...])."""
    text = HEAD.format(path=path, title=title, x=x, y=y, key=key)
    if logscale:
        text += f"set logscale {logscale}\n"
    for i, (_, points) in enumerate(curves):
        text += f"$d{i} << EOD\n" + "".join(f"{a} {b}\n" for a, b in points) + "EOD\n"
    text += "plot " + ", ".join(f"$d{i} using 1:2 with {style} title '{name}'"
                                for i, (name, _) in enumerate(curves)) + "\n"
    return text


def by_size(results, alg, op):
    """Best throughput of each mode over size, MB/s."""
    curves = {}
    for one in results:
        if one["section"] == "sizes" and one.get("mode") and (one["alg"], one["op"]) == (alg, op):
            curves.setdefault(one["mode"], {})[one["size"]] = one["bytes_per_s"] / 1e6
    return [(mode, sorted(points.items())) for mode, points in curves.items()]


def by_count(results, key, value, scale):
    """The cost curve: over sessions (one queue) or queues (8 sessions each)."""
    points = {}
    for one in results:
        if one["section"] == "curve" and one["sessions" if key == "threads" else "threads"] == \
                (8 if key == "threads" else 1):
            points[one[key]] = one[value] / scale
    return sorted(points.items())


def distribution(path):
    """Latency in us over the part of the round trips that were not slower."""
    with open(path, encoding="utf-8") as file:
        histogram = json.loads(file.readline())["latency_ns"]
    seen, points = 0, []
    for low, times in histogram["buckets"]:
        seen += times
        points.append((seen / histogram["count"] * 100, low / 1e3))
    return points


def plots(run):
    """(file name, gnuplot program) of all that there are data for."""
    found = []

    def add(name, *args, **more):
        path = os.path.join(run.directory, name + ".svg")
        if any(points for _, points in args[3]):
            found.append((path, script(path, *args, **more)))

    for alg, op in [("aes-128-cbc", "encrypt"), ("aes-128-cbc", "decrypt"),
                    ("aes-128-gcm", "encrypt"), ("aes-256-xts", "encrypt"), ("sha256", "digest")]:
        add(f"throughput-{alg}-{op}", f"{alg} {op}", "bytes", "MB/s",
            by_size(run.results, alg, op), logscale="xy")
    for key, what in [("sessions", "sessions"), ("threads", "queues")]:
        add(what, f"AES-128-CBC 1 KiB over {what}", what, "k op/s",
            [("throughput", by_count(run.results, key, "ops_per_s", 1e3))], logscale="x")
        add(what + "-memory", f"memory of the daemon over {what}", what, "MiB",
            [("memory", by_count(run.results, key, "worker_memory", 2**20))], logscale="x")
    curves = []
    for name in ["pingpong", "wire-polling", "eventfd", "wire-sleeping"]:
        path = os.path.join(run.directory, f"latency-{name}.json")
        if os.path.exists(path) and os.path.getsize(path):
            curves.append((name, distribution(path)))
    add("latency", "round trips, no slower than", "% of them", "us", curves, logscale="y",
        style="lines")
    curves = {}
    for one in run.results:
        if one["section"] == "peers" and one["threads"] == 1:
            curves.setdefault(one["contender"], []).append((one["size"], one["ops_per_s"]))
    add("peers", "one thread in a guest (TCG)", "bytes", "op/s",
        [(name, sorted(points)) for name, points in curves.items()], logscale="xy",
        key="right top")
    return found


def draw_all(run):
    """Draw; the names of the files."""
    if not shutil.which("gnuplot"):
        run.say("no gnuplot, no plots: packaging/deps bench installs it")
        return []
    drawn = []
    for path, program in plots(run):
        done = subprocess.run(["gnuplot"], input=program, capture_output=True, text=True,
                              check=False)
        if done.returncode:
            run.say(f"gnuplot: {path}: {done.stderr.strip()}")
            run.failures += 1
        else:
            drawn.append(path)
    return drawn
