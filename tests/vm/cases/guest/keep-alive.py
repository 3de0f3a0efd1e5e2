# SPDX-License-Identifier: GPL-2.0-or-later
"""keep-alive.py PORT NUMBER CA: opens so many TLS connections to an HTTP server, has a medium-sized
answer on each, and keeps them; says "idle"; closes them all when a line comes, and says "closed"."""
import http.client
import ssl
import sys

port, number, ca = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=ca)
kept = []
for _ in range(number):
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=60)
    connection.request("GET", "/medium")
    assert len(connection.getresponse().read()) == 64000
    kept.append(connection)
print("idle", flush=True)
sys.stdin.readline()
for connection in kept:
    connection.close()
print("closed", flush=True)
sys.stdin.read()
