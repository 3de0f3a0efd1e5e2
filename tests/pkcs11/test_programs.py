#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_programs.py MODULE MODEL - the PKCS#11 module in the programs that people have.

pkcs11-tool and ssh-keygen with ssh-agent have to be there; GnuTLS's p11tool is tried where it is.
"""
import os
import shutil
import subprocess
import sys
import tempfile

MODULE, MODEL = (os.path.realpath(path) for path in sys.argv[1:3])
PLAIN = {name: value for name, value in os.environ.items() if name != 'LD_PRELOAD'}
ENV = dict(PLAIN, LD_PRELOAD=MODEL)


def run(*args, status=0, env=None, stdin=b''):
    """What a program prints; it must end with that status."""
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=stdin, timeout=120,
                          check=False, env=env or ENV)
    text = done.stdout.decode(errors='replace')
    if done.returncode != status:
        sys.exit(f'{args}: status {done.returncode}, not {status}\n{text}')
    return text


def expect(text, *words):
    for word in words:
        if word not in text:
            sys.exit(f'"{word}" is not in:\n{text}')


def tool(*args, **more):
    return run('pkcs11-tool', '--module', MODULE, *args, **more)


def opensc(folder):
    expect(tool('--list-slots'), 'virtio-cryptodev')
    text = tool('--list-objects')
    expect(text, 'label:      web-tls', 'Private Key Object; RSA', 'Public Key Object; EC')
    if 'zz-ticket' in text or 'disk0' in text:
        sys.exit(f'keys that should not be listed:\n{text}')
    # Its test signs SHA-1, which is one key's to do.
    expect(tool('--test', env=dict(ENV, CRYPTODEV_MODEL_LABEL='rsa-sha1')), 'No errors',
           'all 4 signature functions seem to work', 'RSA-PKCS-OAEP')
    message, signature, public = (os.path.join(folder, name) for name in ('message', 'signature', 'public'))
    with open(message, 'wb') as file:
        file.write(b'message' * 400)
    for label, mechanism, digest in (('p256', 'ECDSA-SHA256', 'sha256'), ('p521', 'ECDSA-SHA512', 'sha512'),
                                     ('rsa', 'SHA256-RSA-PKCS', 'sha256')):
        tool('--sign', '--mechanism', mechanism, '--id', label.encode().hex(), '--input-file', message,
             '--output-file', signature, '--signature-format', 'openssl')
        tool('--read-object', '--type', 'pubkey', '--label', label, '--output-file', public)
        expect(run('openssl', 'dgst', f'-{digest}', '-verify', public, '-signature', signature, message, env=PLAIN),
               'Verified OK')
    expect(tool('--sign', '--mechanism', 'ECDSA-SHA256', '--id', 'web-tls'.encode().hex(), '--input-file', message,
                '--output-file', signature, status=1), 'CKR_KEY_FUNCTION_NOT_PERMITTED')


def openssh(folder):
    keys = run('ssh-keygen', '-D', MODULE)
    expect(keys, 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp521', 'ssh-rsa')
    public = os.path.join(folder, 'ssh.pub')
    signed = os.path.join(folder, 'signed')
    with open(public, 'w', encoding='ascii') as file:
        file.write(next(line for line in keys.splitlines() if line.startswith('ecdsa-sha2-nistp256')) + '\n')
    with open(signed, 'w', encoding='ascii') as file:
        file.write('text\n')
    # The agent has a group's rights, and so no preloaded library; a copy has not.
    agent = shutil.copy(shutil.which('ssh-agent'), os.path.join(folder, 'agent'))
    os.chmod(agent, 0o755)
    script = f'ssh-add -s {MODULE} && ssh-add -T {public} && ssh-keygen -Y sign -f {public} -n test {signed}'
    run(agent, '-P', MODULE, 'sh', '-c', script, env=dict(ENV, SSH_ASKPASS_REQUIRE='never', HOME=folder))
    allowed = os.path.join(folder, 'allowed')
    with open(public, encoding='ascii') as key, open(allowed, 'w', encoding='ascii') as file:
        file.write('somebody ' + key.read())
    expect(run('ssh-keygen', '-Y', 'verify', '-f', allowed, '-I', 'somebody', '-n', 'test', '-s', signed + '.sig',
               stdin=b'text\n', env=PLAIN), 'Good "test" signature')


def gnutls():
    if not shutil.which('p11tool'):
        print('no p11tool: GnuTLS is not tried')
        return
    expect(run('p11tool', '--provider', MODULE, '--list-all-privkeys', 'pkcs11:'), 'object=p256', 'object=rsa')
    for label in 'p256', 'p384', 'rsa':
        text = run('p11tool', '--provider', MODULE, '--test-sign', f'pkcs11:object={label};type=private')
        if text.count('... ok') != 3:
            sys.exit(text)


def main():
    with tempfile.TemporaryDirectory(prefix='vcd-') as folder:
        opensc(folder)
        openssh(folder)
        gnutls()
    print('all good')


main()
