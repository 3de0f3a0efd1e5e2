#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# faults.sh: every allocation of the driver fails once.
status=0
module=$(sh module.sh) || exit 1
echo "== in its calls"
cryptodev-faults calls || status=1
echo "== while it is loaded"
cryptodev-faults load "$module" || status=1
# Without a device only where the kernel's transport was broken by its own faults; see faults.c.
if [ -c /dev/crypto ]; then
	cryptodev-check --filter='cipher/known-answers' || status=1
fi
exit $status
