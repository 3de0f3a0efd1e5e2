#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# faults.sh calls | load SKIP: every allocation of the driver fails once, in its calls or, but for
# the first SKIP, while it is loaded.
module=$(sh module.sh) || exit 1
if [ "$1" = calls ]; then
	cryptodev-faults calls || exit 1
else
	cryptodev-faults load "$module" "$2" || exit 1
fi
# Without a device only where the kernel's transport was broken by its own faults; see faults.c.
if [ -c /dev/crypto ]; then
	cryptodev-check --filter='cipher/known-answers'
fi
