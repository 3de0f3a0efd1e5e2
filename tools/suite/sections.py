# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured, section by section. Sections with guests are in guests.py."""

import dataclasses
import os
import typing

from . import guests
from .names import is_digest

CBC = ["--alg=aes-128-cbc", "--op=encrypt"]
BURST = "depth=32,sessions=8"


@dataclasses.dataclass
class Section:
    title: str
    measure: typing.Callable
    guest: bool = False


def busy(spreads):
    """The same per second of CPU time: on a busy machine it is worth more than the other."""
    return f"for each second of CPU time of who does the work: {spreads['busy_ratio']['median']:.2f} x"


def ratio(run, what, a, b, *arguments, key="ops_ratio", note="", **fields):
    """A row with the ratio of two sides; and what was measured."""
    found = run.measure(f"--compare={a}", f"--vs={b}", *arguments)
    if not found or len(found) < 3:
        run.missing(what, "it failed: see above", **fields)
        return None
    spread = found[2][key]
    if key == "ops_ratio":
        note = "; ".join([busy(found[2])] + [note] * bool(note))
    run.row(what, value=spread["median"], low=spread["q1"], high=spread["q3"], note=note,
            command=f"vcrypto-bench --compare {a} --vs {b} {' '.join(arguments)}", **fields)
    return found


def has_engine(run, name):
    """Whether this build and this processor have it."""
    return run.execute([run.args.bench, "engine", f"--engine={name}", "--seconds=0.001",
                        "--json"]) is not None


def latency_plot(run, side, name):
    """The latencies of one side, for the plot."""
    path = os.path.join(run.directory, f"latency-{name}.json")
    mode, _, options = side.partition(":")
    run.execute([run.args.bench, mode, *(f"--{o}" for o in options.split(",") if o), "--depth=1",
                 "--alg=null", "--size=16", f"--seconds={run.seconds:g}", "--json",
                 f"--histogram={path}"])


def wire(run):
    ipsec = has_engine(run, "ipsec-mb")
    few = "" if os.cpu_count() >= 4 else \
        f"two workers and two front ends share {os.cpu_count()} CPUs: this wants 4"
    ratio(run, "4 KiB, 32 in flight over 8 sessions, against one-stream EVP",
          f"wire:{BURST}", "openssl", *CBC, "--size=4096", target=6)
    for what, a, b, size, target in [
            ("the same against ipsec-mb in process, same burst", BURST, BURST, 4096, 0.85),
            ("64 B, 64 in flight, against ipsec-mb in process, burst 32",
             "depth=64,sessions=8", BURST, 64, 0.35)]:
        if not ipsec:
            run.missing(what, "this build has no engine ipsec-mb", failure=False, target=target)
            continue
        ratio(run, what, f"wire:engine=ipsec-mb,{a}", f"engine:engine=ipsec-mb,{b}", *CBC,
              f"--size={size}", target=target)
    for what, poll, target in [("64 B, 64 in flight", 50, 3), ("the same without polling", 0, None)]:
        options = ["--depth=64", "--sessions=8", "--size=64", f"--poll-us={poll}", *CBC]
        found = run.measure("wire", *options)
        if found:
            run.row(what, value=found[0]["ops_per_s"] / 1e6, unit="M/s", target=target,
                    command=f"vcrypto-bench wire {' '.join(options)}")
    ratio(run, "GCM encrypt 16 KiB, one in flight, against EVP",
          "wire:depth=1,poll-us=100", "openssl", "--alg=aes-128-gcm", "--size=16384", target=2)
    ratio(run, "two queues against one", f"wire:threads=2,{BURST}", f"wire:threads=1,{BURST}",
          *CBC, "--size=4096", target=1.8, note=few)
    # Each front end shares a CPU with the worker of its queue, so that two queues take two CPUs.
    together = f"place=together,spin-us=0,{BURST}"
    ratio(run, "the same, each with its front end on one CPU", f"wire:threads=2,{together}",
          f"wire:threads=1,{together}", *CBC, "--size=4096", target=1.8)
    ratio(run, "4 KiB, 32 in flight, worker and front end on one CPU, against one-stream EVP",
          f"wire:{together}", "openssl", *CBC, "--size=4096")
    for op in ["encrypt", "decrypt"]:
        ratio(run, f"4 KiB {op}, one in flight, polling, against EVP", "wire:depth=1,poll-us=100",
              "openssl", "--alg=aes-128-cbc", f"--op={op}", "--size=4096")


def latency(run):
    null = ["--alg=null", "--size=16", "--depth=1"]
    polling, sleeping = "wire:poll-us=200,spin-us=200", "wire:poll-us=0,spin-us=0"
    found = ratio(run, "round trip, polling, against the shared-memory ping-pong: p50", polling,
                  "pingpong", *null, key="p50_ratio", target=20, sense="<=")
    if found:
        run.row("round trip, polling: p50", value=found[0]["p50_ns"] / 1e3, unit="us", target=2,
                sense="<=", command=f"vcrypto-bench --compare {polling} --vs pingpong ...")
        run.row("  the ping-pong: p50", value=found[1]["p50_ns"] / 1e3, unit="us")
    found = ratio(run, "round trip, sleeping, against the eventfd ping-pong: p50", sleeping,
                  "eventfd", *null, key="p50_ratio", target=1.4, sense="<=")
    if found:
        run.row("  round trip, sleeping: p50", value=found[0]["p50_ns"] / 1e3, unit="us")
        run.row("  eventfd ping-pong: p50", value=found[1]["p50_ns"] / 1e3, unit="us")
    for side, name in [(polling, "wire-polling"), ("pingpong", "pingpong"),
                       (sleeping, "wire-sleeping"), ("eventfd", "eventfd")]:
        latency_plot(run, side, name)


def sizes(run):
    """Throughput over size, on the three ways; for the plots."""
    points = [64, 1024, 16384] if run.quick else [16, 64, 256, 1024, 4096, 16384, 65536]
    text = ",".join(str(p) for p in points)
    for alg, op in [("aes-128-cbc", "encrypt"), ("aes-128-cbc", "decrypt"),
                    ("aes-128-gcm", "encrypt"), ("aes-256-xts", "encrypt"), ("sha256", "digest")]:
        for other in ["engine:depth=32,sessions=8", "openssl"]:
            found = run.measure("--compare=wire:depth=32,sessions=8", f"--vs={other}",
                                f"--alg={alg}", f"--op={op}", f"--size={text}") or []
            for one in found[2::3]:
                spread = one["ops_ratio"]
                run.row(f"{alg} {op} {one['size']} B, wire against {other.split(':')[0]}",
                        value=spread["median"], low=spread["q1"], high=spread["q3"],
                        note=busy(one))


def algorithms(run):
    """Every algorithm, through the engine and through the device, beside libcrypto."""
    text = run.execute([run.args.bench, "--list"]) or ""
    size = "4096" if run.quick else "1024,16384"
    for alg in text.split():
        if alg == "null" or (run.quick and "-192-" in alg):
            continue
        for op in ["digest"] if is_digest(alg) else ["encrypt", "decrypt"]:
            one_algorithm(run, alg, op, size)


def one_algorithm(run, alg, op, size):
    seconds = run.seconds / 2 if not run.quick else 0.1
    for side in ["engine", "wire"]:
        found = run.measure(f"--compare={side}:{BURST}", "--vs=openssl", f"--alg={alg}",
                            f"--op={op}", f"--size={size}", "--pairs=6", seconds=seconds)
        if not found:
            run.missing(f"{alg} {op}, {side}", "it failed: see above")
            continue
        for ours, theirs, spread in zip(found[0::3], found[1::3], found[2::3]):
            run.row(f"{alg} {op} {ours['size']} B: {side} {ours['bytes_per_s'] / 1e6:.0f} MB/s, "
                    f"libcrypto {theirs['bytes_per_s'] / 1e6:.0f}",
                    value=spread["ops_ratio"]["median"], low=spread["ops_ratio"]["q1"],
                    high=spread["ops_ratio"]["q3"], note=busy(spread))


def curve_row(run, what, *arguments):
    found = run.measure("wire", "--depth=32", "--size=1024", *CBC, *arguments)
    if not found:
        run.missing(what, "it failed: see above")
        return
    run.row(what, value=found[0]["ops_per_s"], unit="op/s",
            note=f"daemon {found[0]['worker_memory'] / 2**20:.1f} MiB, "
            f"{found[0]['worker_cpu_ns_per_op']:.0f} ns of its CPU time per operation")


def memory_of(run, sessions):
    """Memory of a daemon whose sessions have all been used; a session costs most then."""
    seconds = max(run.seconds, 0.5)
    for _ in range(6):
        found = run.measure("wire", "--depth=64", f"--sessions={sessions}", "--size=16", *CBC,
                            seconds=seconds)
        if not found:
            return None
        if found[0]["ops_per_s"] * seconds > 2 * sessions:
            return found[0]["worker_memory"]
        seconds *= 3
    run.say(f"{sessions} sessions were not all used in {seconds / 3:g} s")
    return None


def curve(run):
    """What sessions and queues cost."""
    for sessions in [1, 10, 100, 1000, 10000]:
        curve_row(run, f"{sessions} sessions, one queue, 1 KiB", f"--sessions={sessions}")
    for queues in [1, 2, 4, 8]:
        curve_row(run, f"{queues} queues, 8 sessions each, 1 KiB", "--sessions=8",
                  f"--threads={queues}")
    few, many = memory_of(run, 1000), memory_of(run, 10000)
    run.row("memory of the daemon with 1,000 sessions, all used", value=few and few / 2**20,
            unit="MiB", target=24, sense="<=",
            command="vcrypto-bench wire --sessions 1000 --size 16 --depth 64 --details")
    run.row("memory for each further session",
            value=(many - few) / 9000 / 1024 if few and many else None, unit="KiB", target=2,
            sense="<=",
            command="vcrypto-bench wire --sessions 10000 --size 16 --depth 64 --details")


ALL = {
    "wire": Section("The daemon, without a VM: throughput", wire),
    "latency": Section("The daemon, without a VM: one request at a time", latency),
    "sizes": Section("Over size: the daemon against the engine in process and libcrypto", sizes),
    "algorithms": Section("Every algorithm beside libcrypto, in process and through the daemon",
                          algorithms),
    "curve": Section("What sessions and queues cost", curve),
    "uml": Section("A guest: User-mode Linux", guests.uml, True),
    "tcg": Section("A guest: QEMU without KVM", guests.tcg, True),
    "peers": Section("Beside QEMU's virtio-crypto and the guest's own software", guests.peers,
                     True),
}
