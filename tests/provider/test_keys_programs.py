#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test_keys_programs.py PROVIDER_DIRECTORY MODEL VCRYPTO_KEY - the host's keys in openssl(1), as users have it.

Certificates, requests, CMS, TLS servers and clients, by URI and by PEM file. What is signed is verified by an openssl
that does not have the provider.
"""
import os
import socket
import subprocess
import sys
import tempfile
import time

DIRECTORY, MODEL, TOOL = (os.path.realpath(path) for path in sys.argv[1:4])
PLAIN = {name: value for name, value in os.environ.items() if name not in ('LD_PRELOAD', 'OPENSSL_CONF')}
ENV = dict(PLAIN, LD_PRELOAD=MODEL, OPENSSL_MODULES=DIRECTORY)
CONFIGURATION = '''openssl_conf = init
[init]
providers = providers
{}
[providers]
{}
[active]
activate = 1
[properties]
default_properties = ?provider=cryptodev
[req]
distinguished_name = name
[name]
'''
PSS = ('-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest')


def run(*args, status=0, env=None, stdin=None):
    """What a program prints; it must end with that status, or with None in any bad way."""
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=stdin, timeout=120,
                          check=False, env=env or ENV, stdin=None if stdin else subprocess.DEVNULL)
    text = done.stdout.decode(errors='replace')
    if (done.returncode != status) if status is not None else not done.returncode:
        sys.exit(f'{args}: status {done.returncode}, not {status}\n{text}')
    return text


def openssl(*args, **more):
    return run('openssl', *args, **more)


def plain(*args, **more):
    return run('openssl', *args, env=PLAIN, **more)


def expect(text, *words):
    for word in words:
        if word not in text:
            sys.exit(f'"{word}" is not in:\n{text}')


def certificates():
    """A certificate of each kind, signed by itself: by URI and by PEM file."""
    for label, options, algorithm in (('rsa', (), 'sha256WithRSAEncryption'), ('rsa', PSS, 'rsassaPss'),
                                      ('rsa', ('-sha512',), 'sha512WithRSAEncryption'), ('rsa-pss', PSS, 'rsassaPss'),
                                      ('p256', (), 'ecdsa-with-SHA256'), ('p384', ('-sha384',), 'ecdsa-with-SHA384'),
                                      ('p521', ('-sha512',), 'ecdsa-with-SHA512'), ('ed25519', (), 'ED25519')):
        with open(f'{label}.pem', 'w', encoding='ascii') as file:
            file.write(run(TOOL, 'pem', label))
        for key in f'cryptodev:{label}', f'{label}.pem':
            openssl('req', '-x509', '-new', '-key', key, '-subj', f'/CN={label}', '-out', f'{label}.crt', '-addext',
                    'basicConstraints=critical,CA:TRUE', *options)
            expect(plain('verify', '-CAfile', f'{label}.crt', f'{label}.crt'), 'OK')
            expect(plain('x509', '-in', f'{label}.crt', '-noout', '-text'), algorithm)
            openssl('req', '-new', '-key', key, '-subj', f'/CN={label}', '-out', f'{label}.csr', *options)
            expect(plain('req', '-in', f'{label}.csr', '-noout', '-verify'), 'verify OK')
    openssl('x509', '-req', '-in', 'p256.csr', '-CA', 'rsa.crt', '-CAkey', 'cryptodev:rsa', '-CAcreateserial', '-out',
            'issued.crt')
    expect(plain('verify', '-CAfile', 'rsa.crt', 'issued.crt'), 'OK')


def refusals():
    expect(openssl('req', '-new', '-key', 'cryptodev:rsa-pss', '-subj', '/CN=x', status=None),
           'policy does not permit rsa-pkcs1-sha256')
    expect(openssl('req', '-new', '-key', 'cryptodev:web-tls', '-subj', '/CN=x', status=None), 'forbids')
    expect(openssl('req', '-new', '-key', 'cryptodev:nope', '-subj', '/CN=x', status=None), 'no such key')
    for args in (('pkey', '-in', 'cryptodev:rsa'), ('pkcs8', '-topk8', '-nocrypt', '-in', 'p256.pem'),
                 ('pkey', '-in', 'ed25519.pem', '-outform', 'DER')):
        text = openssl(*args, status=None)
        if 'PRIVATE KEY' in text:
            sys.exit(text)
    for label in 'rsa', 'p256', 'ed25519', 'x25519':
        key = openssl('pkey', '-in', f'cryptodev:{label}', '-pubout')
        expect(key, 'BEGIN PUBLIC KEY')
    expect(openssl('storeutl', '-noout', 'cryptodev:p256'), 'Total found: 1')


def messages():
    with open('message', 'wb') as file:
        file.write(b'text\n' * 1000)
    for label, options in (('rsa', ()), ('rsa', ('-keyopt', 'rsa_padding_mode:pss', '-keyopt',
                                                 'rsa_pss_saltlen:digest')), ('p256', ()), ('p384', ('-md', 'sha384'))):
        openssl('cms', '-sign', '-in', 'message', '-signer', f'{label}.crt', '-inkey', f'cryptodev:{label}', '-out', 'cms',
                *options)
        expect(plain('cms', '-verify', '-in', 'cms', '-CAfile', f'{label}.crt', '-purpose', 'any', '-out', 'back'),
               'CMS Verification successful')
    plain('cms', '-encrypt', '-in', 'message', '-out', 'cms', '-aes256', '-recip', 'rsa.crt', '-keyopt',
          'rsa_padding_mode:oaep', '-keyopt', 'rsa_oaep_md:sha256')
    openssl('cms', '-decrypt', '-in', 'cms', '-inkey', 'rsa.pem', '-recip', 'rsa.crt', '-out', 'back')
    plain('cms', '-encrypt', '-in', 'message', '-out', 'cms', '-aes256', '-recip', 'p256.crt')
    openssl('cms', '-decrypt', '-in', 'cms', '-inkey', 'cryptodev:p256', '-recip', 'p256.crt', '-out', 'back')
    with open('back', 'rb') as file:
        if file.read().replace(b'\r', b'') != b'text\n' * 1000:
            sys.exit('CMS by ECDH: another text')
    openssl('dgst', '-sha256', '-sign', 'cryptodev:p256', '-out', 'signature', 'message')
    openssl('pkey', '-in', 'cryptodev:p256', '-pubout', '-out', 'public')
    expect(plain('dgst', '-sha256', '-verify', 'public', '-signature', 'signature', 'message'), 'Verified OK')


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def await_port(port, server):
    for _ in range(1200):
        with socket.socket() as s:
            if s.connect_ex(('127.0.0.1', port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f's_server does not listen: {server.poll()}')


def tls(label, version, key, *options):
    port = free_port()
    with subprocess.Popen(['openssl', 's_server', '-accept', f'127.0.0.1:{port}', '-cert', f'{label}.crt', '-key', key,
                           '-quiet', version, *options], env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        try:
            await_port(port, server)
            expect(plain('s_client', '-connect', f'127.0.0.1:{port}', '-CAfile', f'{label}.crt', '-verify_return_error',
                         '-brief', version, stdin=b'Q\n'), 'CONNECTION ESTABLISHED')
        finally:
            server.kill()


def servers():
    tls('p256', '-tls1_3', 'cryptodev:p256')
    tls('p256', '-tls1_3', 'p256.pem', '-async')
    tls('rsa', '-tls1_2', 'rsa.pem')
    tls('ed25519', '-tls1_3', 'cryptodev:ed25519')
    with open('web-tls.pem', 'w', encoding='ascii') as file:
        file.write(run(TOOL, 'pem', 'web-tls'))
    tls('p256', '-tls1_3', 'web-tls.pem')


def main():
    # Either order of providers, and with what the documentation of the bulk algorithms says.
    orders = ('default = active\ncryptodev = active', 'cryptodev = active\ndefault = active')
    with tempfile.TemporaryDirectory(prefix='vcd-') as folder:
        os.chdir(folder)
        for number, order in enumerate(orders):
            path = os.path.join(folder, f'openssl{number}.cnf')
            with open(path, 'w', encoding='ascii') as file:
                file.write(CONFIGURATION.format('alg_section = properties' if number else '', order))
            ENV['OPENSSL_CONF'] = path
            certificates()
            refusals()
            expect(openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'), 'BEGIN PRIVATE KEY')
        messages()
        servers()
    print('all good')


main()
