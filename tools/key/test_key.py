#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_key.py VCRYPTO_KEY MODEL - vcrypto-key on the model of /dev/crypto."""
import base64
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

TOOL, MODEL = sys.argv[1:3]
ENV = dict(os.environ, LD_PRELOAD=MODEL)


def run(*args, status=0, env=None):
    """Standard output of the tool, in bytes; its errors for another status than 0."""
    done = subprocess.run([TOOL, *args], capture_output=True, timeout=60, check=False, env=env or ENV)
    if done.returncode != status:
        sys.exit(f'{args}: status {done.returncode}, not {status}\n{done.stdout}{done.stderr}')
    return done.stdout if status == 0 else done.stderr.decode()


def check(condition, what):
    if not condition:
        sys.exit(f'wrong: {what}')


def lists():
    text = run('list').decode().splitlines()
    check(text[0].split() == ['LABEL', 'KIND', 'BITS', 'USE'], text[0])
    labels = [line.split()[0] for line in text[1:]]
    check(labels == sorted(labels) and 'web-tls' in labels and 'disk0' in labels, labels)
    check('zz-ticket' not in labels, 'a key with a ticket is listed')
    check('rsa-pss' in labels and 'sign' in text[1 + labels.index('rsa-pss')], text)
    keys = {key['label']: key for key in json.loads(run('--json', 'list'))}
    check(sorted(keys) == labels, keys)
    check(keys['disk0']['algorithm'] == 'aes-xts' and keys['disk0']['fast'] is True, keys['disk0'])
    check(keys['web-tls']['form'] == 'tls13-server', keys['web-tls'])
    check(keys['web-tls']['schemes'] == ['ecdsa-p256-sha256'], keys['web-tls'])


def infos(folder):
    text = run('info', 'p256').decode()
    check('ecdh-p256' in text and 'BEGIN PUBLIC KEY' in text and 'kind:    ec-p256' in text, text)
    key = json.loads(run('info', 'p256', '--json'))
    check(key['public'].startswith('-----BEGIN PUBLIC KEY-----\n'), key)
    check(key['use'] == ['sign', 'derive'] and key['bits'] == 256, key)
    path = os.path.join(folder, 'public.pem')
    with open(path, 'w', encoding='ascii') as file:
        file.write(key['public'])
    done = subprocess.run(['openssl', 'pkey', '-pubin', '-in', path, '-noout', '-text'], check=True,
                          capture_output=True, text=True)
    check('prime256v1' in done.stdout, done.stdout)
    check('BEGIN' not in run('info', 'disk0').decode(), 'a symmetric key with a public key')


def pems():
    text = run('pem', 'web-tls').decode().splitlines()
    check(text[0] == '-----BEGIN CRYPTODEV PROVIDER URI-----', text)
    check(text[-1] == '-----END CRYPTODEV PROVIDER URI-----', text)
    der = base64.b64decode(''.join(text[1:-1]))
    check(der.endswith(b'cryptodev:web-tls'), der)
    check(der[:2] == b'\x30\x82' and struct.unpack('>H', der[2:4])[0] == len(der) - 4, der)
    long = '/dev/cryptodev-' + 'x' * 200
    der = base64.b64decode(''.join(run('--device', long, 'pem', 'p256').decode().splitlines()[1:-1]))
    check(der.endswith(b'cryptodev:p256;device=' + long.encode()), der)
    check(struct.unpack('>H', der[2:4])[0] == len(der) - 4, der)


def blobs(ticket):
    blob = run('blob', 'disk0')
    check(len(blob) == 128 and blob[:8] == b'vcdkey\x01\x00', blob)
    check(struct.unpack('<I', blob[8:12])[0] == zlib.crc32(blob[:8] + blob[12:]), 'CRC')
    check(blob[12:16] == bytes(4) and blob[16:80] == b'disk0' + bytes(59), blob)
    check(blob[80:96].hex() == json.loads(run('--json', 'info', 'disk0'))['check'], 'check value')
    check(blob[96:] == bytes(32), 'a ticket that nobody gave')
    blob = run('--ticket-file', ticket, 'blob', 'zz-ticket')
    check(blob[7] == 1 and blob[96:] == b'\x42' * 32, blob)
    check(struct.unpack('<I', blob[8:12])[0] == zlib.crc32(blob[:8] + blob[12:]), 'CRC with ticket')


def tickets(folder, ticket):
    run('info', 'zz-ticket', status=4)
    check('zz-ticket' in run('-t', ticket, 'info', 'zz-ticket').decode(), 'info by ticket')
    for content, status in ((b'42' * 32 + b'\n', 0), (b'42' * 32, 0), (b'41' * 32, 4), (b'x' * 31, 1), (b'g' * 64, 1),
                            (b'', 1), (b'4' * 66, 1)):
        path = os.path.join(folder, 'another')
        with open(path, 'wb') as file:
            file.write(content)
        run('-t', path, 'info', 'zz-ticket', status=status)
    run('-t', os.path.join(folder, 'none'), 'info', 'zz-ticket', status=1)
    der = base64.b64decode(''.join(run('-t', ticket, 'pem', 'zz-ticket').decode().splitlines()[1:-1]))
    check(der.endswith(b'?ticket-file=' + ticket.encode()), der)
    check(b'B' * 32 not in der, 'the ticket is in the PEM file')


def errors():
    for args in ((), ('list', 'x'), ('info',), ('pem',), ('blob', 'a', 'b'), ('nonsense', 'a'), ('--nonsense', 'list'),
                 ('info', 'Upper'), ('info', '-'), ('info', 'a' * 64), ('info', '')):
        run(*args, status=2)
    check('no such key' in run('info', 'nope', status=4), 'message')
    run('pem', 'nope', status=4)
    run('blob', 'nope', status=4)
    run('--device=/nonexistent', 'list', status=3)
    for error, status in ((25, 3), (95, 3), (5, 1), (13, 1)):
        run('list', status=status, env=dict(ENV, CRYPTODEV_MODEL_FAULT=f'any 0 1 {error}'))
    with open('/dev/full', 'wb') as full:
        check(subprocess.run([TOOL, 'list'], stdout=full, stderr=subprocess.DEVNULL, env=ENV, timeout=60,
                             check=False).returncode == 1, 'a full disk')
    check('--ticket-file=PATH' in run('--help').decode(), 'help')
    check(run('--version').startswith(b'vcrypto-key '), 'version')


def main():
    with tempfile.TemporaryDirectory() as folder:
        ticket = os.path.join(folder, 'ticket')
        with open(ticket, 'wb') as file:
            file.write(b'\x42' * 32)
        lists()
        infos(folder)
        pems()
        blobs(ticket)
        tickets(folder, ticket)
        errors()
    print('all good')


main()
