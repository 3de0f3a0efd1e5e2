# SPDX-License-Identifier: GPL-2.0-or-later
"""The sections that boot guests."""

import os
import shlex

from .names import is_digest

# Under User-mode Linux reading the clock is a system call, dearer than a small operation.
CLOCK = "--clock=tsc"

NEEDS_QEMU = "it needs our own QEMU: make qemu"


def ratio_row(run, what, found, key="ops_ratio", **fields):
    if not found or len(found) < 3:
        run.missing(what, "it failed in the guest", **fields)
        return
    spread = found[2][key]
    run.row(what, value=spread["median"], low=spread["q1"], high=spread["q3"], **fields)


def p50(run, what, one):
    run.row(what, value=one["p50_ns"] / 1e3, unit="us")


def uml(run):
    options = ["--guest=uml"]
    cbc = f"{CLOCK} --alg=aes-128-cbc"
    workloads = [
        f"--compare=dev --vs=openssl {cbc} --size=65536 --depth=1",
        f"--compare=dev:submit=batch,batch=32 --vs=dev {cbc} --size=256 --depth=1",
        f"--compare=dev:alg=null,size=16 --vs=dev:alg=aes-128-cbc,size=16 {CLOCK} --depth=1",
        f"--compare=dev --vs=openssl {cbc} --size=4096 --depth=1",
        f"--compare=dev:submit=async,depth=32 --vs=dev {cbc} --size=4096 --depth=1",
        f"--compare=dev --vs=syscall --alg=null --size=16 {CLOCK} --depth=1",
    ]
    found = run.guest(options, workloads)
    target = {"target": 0.8, "command": f"tests/vm/run --guest=uml ... {workloads[0]}"}
    if found is None or len(found) < len(workloads):
        run.missing("64 KiB CBC encrypt through CIOCCRYPT against EVP", "no guest: see above",
                    **target)
        return
    ratio_row(run, "64 KiB CBC encrypt through CIOCCRYPT against EVP", found[0], **target)
    if found[0]:
        p50(run, "  through CIOCCRYPT: p50", found[0][0])
        p50(run, "  EVP in the guest: p50", found[0][1])
    ratio_row(run, "null cipher, 16 B, against a system call that does nothing: p50", found[5],
              key="p50_ratio")
    if found[5]:
        p50(run, "  the system call: p50", found[5][1])
    if found[0] and found[5]:
        call = found[5][1]["p50_ns"]
        run.row("64 KiB, the system call itself left out, against EVP: p50",
                value=found[0][1]["p50_ns"] / max(found[0][0]["p50_ns"] - call, 1))
    host = run.measure("openssl", "--alg=aes-128-cbc", "--size=65536", CLOCK)
    if host:
        p50(run, "  EVP on the host: p50", host[0])
    ratio_row(run, "batch ioctl of 32 x 256 B against 32 single ones", found[1], target=5,
              command=f"tests/vm/run --guest=uml ... {workloads[1]}")
    ratio_row(run, "null cipher against AES, 16 B: p50", found[2], key="p50_ratio")
    for i, what in [(0, "null, 16 B: p50"), (1, "AES-128-CBC, 16 B: p50")]:
        if found[2]:
            p50(run, "  " + what, found[2][i])
    ratio_row(run, "4 KiB CBC encrypt through CIOCCRYPT against EVP", found[3])
    ratio_row(run, "asynchronous, 32 under way, against one at a time, 4 KiB", found[4])
    # It wants a kernel of its own, minutes of compiling the first time.
    if not run.quick:
        uml_apart(run, [workloads[0], workloads[5]])
    uml_algorithms(run, options)


def uml_apart(run, workloads):
    """Guest and daemon on a CPU each, neither sleeps; a kernel with the faster system calls."""
    what = "64 KiB CBC encrypt through CIOCCRYPT against EVP, a CPU each, both poll"
    options = ["--guest=uml", "--kernel=newest", "--pin=apart", "--daemon-arg=--poll-us=300",
               "--module-arg=spin_us=300"]
    target = {"target": 0.8, "command": f"tests/vm/run {' '.join(options)} ... {workloads[0]}"}
    found = run.guest(options, workloads)
    if found is None or len(found) < len(workloads):
        run.missing(what, "no guest: see above", **target)
        return
    ratio_row(run, what, found[0], **target)
    ratio_row(run, what + ": p50", found[0], key="p50_ratio")
    if found[0]:
        p50(run, "  through CIOCCRYPT: p50", found[0][0])
        p50(run, "  EVP in the guest: p50", found[0][1])
    if found[1]:
        p50(run, "  null, 16 B: p50", found[1][0])
        p50(run, "  the system call: p50", found[1][1])


def uml_algorithms(run, options):
    """Every algorithm through a guest's ioctls beside libcrypto in that guest."""
    text = run.execute([run.args.bench, "--list"]) or ""
    algs = [alg for alg in text.split() if alg != "null" and "-192-" not in alg]
    if run.quick:
        algs = [alg for alg in algs if "-256-" not in alg]
    ops = [(alg, op) for alg in algs
           for op in (["digest"] if is_digest(alg) else ["encrypt", "decrypt"])]
    seconds, run.seconds = run.seconds, run.seconds / 3
    found = run.guest(options, [f"--compare=dev --vs=openssl --alg={alg} --op={op} --size=16384 "
                                f"--depth=1 --pairs=6 {CLOCK}" for alg, op in ops])
    run.seconds = seconds
    for (alg, op), one in zip(ops, found or []):
        if len(one) < 3:
            run.missing(f"guest: {alg} {op}", "it failed in the guest")
            continue
        ratio_row(run, f"guest: {alg} {op} 16384 B: {one[0]['bytes_per_s'] / 1e6:.0f} MB/s, "
                  f"libcrypto {one[1]['bytes_per_s'] / 1e6:.0f}", one)


def tcg(run):
    workloads = ["dev --alg=null --size=16 --depth=1",
                 "dev --alg=aes-128-cbc --size=16,4096,65536 --depth=1",
                 "dev --alg=aes-128-cbc --size=4096 --depth=1 --threads=4",
                 "--compare=dev:submit=batch,batch=32 --vs=dev --alg=aes-128-cbc --size=256 "
                 "--depth=1"]
    found = run.guest([], workloads)
    if found is None or len(found) < len(workloads):
        run.missing("a guest under QEMU", "no guest: see above")
        return
    for one in found[0] + found[1] + found[2]:
        run.row(f"{one['alg']} {one['size']} B, {one['threads']} threads: "
                f"p50 {one['p50_ns'] / 1e3:.1f} us, {one['bytes_per_s'] / 1e6:.1f} MB/s",
                value=one["ops_per_s"], unit="op/s")
    ratio_row(run, "batch ioctl of 32 x 256 B against 32 single ones", found[3])


def table(text):
    """Lines of tests/vm/peers: {(bytes, threads): {contender: (op/s, p50 us)}}."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) != 8 or not words[1].isdigit():
            continue
        key = (int(words[1]), int(words[2]))
        found.setdefault(key, {})[words[0]] = (float(words[3]), float(words[5]))
    return found


def peers(run):
    points = "16,4096,65536" if run.quick else "16,64,256,1024,4096,16384,65536"
    rounds = 1 if run.quick else 3
    command = ["tests/vm/peers", f"--rounds={rounds}", f"--seconds={min(run.seconds, 0.5):g}",
               f"--sizes={points}", "--threads=1,4"]
    text = run.execute(command)
    if text is None:
        run.missing("ours against virtio-crypto", NEEDS_QEMU, target=3)
        return
    with open(os.path.join(run.directory, "peers.txt"), "w", encoding="utf-8") as file:
        file.write(text)
    for (size, threads), rates in sorted(table(text).items(), key=lambda item: item[0][::-1]):
        run.keep([{"mode": "peers", "size": size, "threads": threads, "contender": name,
                   "ops_per_s": rate, "p50_ns": us * 1e3} for name, (rate, us) in rates.items()],
                 shlex.join(command))
        for ours, theirs, target in [("in-process", "virtio-crypto", 3),
                                     ("daemon", "virtio-crypto", 3),
                                     ("in-process", "aesni", 1.5 if size <= 4096 else None)]:
            if rates.get(theirs, (0,))[0] > 0 and ours in rates:
                run.row(f"{size} B, {threads} threads: {ours} against {theirs}",
                        value=rates[ours][0] / rates[theirs][0], target=target,
                        command=shlex.join(command))
