#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_ctl.py VCRYPTO_KEEPER VCRYPTOCTL - the administrator's commands, and the keeper's own command line."""
import os
import subprocess
import sys
import tempfile
import time

KEEPER, CTL = sys.argv[1:3]


def run(*args, status=0):
    """Standard output and error of a command that must end with that status."""
    done = subprocess.run(args, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != status:
        sys.exit(f'{args}: status {done.returncode}, not {status}\n{done.stdout}{done.stderr}')
    return done.stdout + done.stderr


def expect(text, *words):
    for word in words:
        if word not in text:
            sys.exit(f'"{word}" is not in:\n{text}')


def write(path, content, mode=0o600):
    with open(path, 'wb') as file:
        file.write(content)
    os.chmod(path, mode)


def command_line(policy):
    expect(run(KEEPER, '--help'), '--check-policy', '--socket-path=PATH', '--revoked=FILE')
    expect(run(KEEPER, '--version'), 'vcrypto-keeper ')
    for args in (), ('--policy=x',), ('--nonsense',), ('--policy=x', 'word'), \
            ('--policy=x', '--socket-path=y', '--sandbox=some'), \
            ('--policy=x', '--socket-path=y', '--threads=0x'), \
            ('--policy=x', '--socket-path=y', '--threads=33'), \
            ('--policy=x', '--socket-path=y', '--socket-mode=9'):
        expect(run(KEEPER, *args, status=2), "--help")
    expect(run(KEEPER, '--policy=/nothing', '--check-policy', status=1), '/nothing: No such file')
    expect(run(KEEPER, '--policy=' + policy, '--check-policy'), '1 keys, 1 VMs, 0 tokens: good')
    # A keeper whose policy is not good does not start.
    expect(run(KEEPER, '--policy=/nothing', '--socket-path=/tmp/x', status=1), '/nothing')


def commands(socket, policy):
    ctl = (CTL, '--keeper=' + socket)
    expect(run(*ctl, 'keys', 'list'), 'mac', 'hmac-sha256', 'file', 'opened=0')
    expect(run(*ctl, 'metrics'), 'vcrypto_keeper_keys 1', 'vcrypto_keeper_reloads_total 1')
    run(*ctl, 'keys', 'reload')
    expect(run(*ctl, 'metrics'), 'vcrypto_keeper_reloads_total 2')
    write(policy, b'[vm v]\nkeys = nothing\n', 0o644)
    expect(run(*ctl, 'keys', 'reload', status=1), 'line 1: [vm v]: there is no [key nothing]')
    expect(run(*ctl, 'keys', 'revoke', 'other', status=1), 'no such key')
    run(*ctl, 'keys', 'revoke', 'mac')
    expect(run(*ctl, 'keys', 'list'), 'revoked')
    for args in ('keys',), ('keys', 'list', 'x'), ('keys', 'revoke'), ('status',), ('top',), \
            ('--json', 'keys', 'list'):
        run(*ctl, *args, status=2)


def main():
    with tempfile.TemporaryDirectory() as folder:
        policy, socket = os.path.join(folder, 'policy'), os.path.join(folder, 'socket')
        write(os.path.join(folder, 'mac'), b'0123456789abcdef')
        write(policy, b'[vm v]\nkeys = mac\n[key mac]\nsource = file:mac\nuse = sign\n'
              b'alg = hmac-sha256\n', 0o644)
        command_line(policy)
        expect(run(CTL, '--keeper=' + socket, 'keys', 'list', status=3), 'is vcrypto-keeper running')
        keeper = subprocess.Popen([KEEPER, '--policy=' + policy, '--socket-path=' + socket,
                                   '--socket-mode=0600', '--quiet'])
        try:
            for _ in range(400):
                if subprocess.run([CTL, '--keeper=' + socket, 'keys', 'list'], check=False,
                                  capture_output=True).returncode == 0:
                    break
                time.sleep(0.05)
            if os.stat(socket).st_mode & 0o777 != 0o600:
                sys.exit('the socket has another mode')
            commands(socket, policy)
        finally:
            keeper.terminate()
            if keeper.wait(60) != 0:
                sys.exit('the keeper did not end well')
    print('passed')


main()
