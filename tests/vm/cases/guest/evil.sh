#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# evil.sh: the driver against a host that lies.
module=$(sh module.sh) || exit 1
exec cryptodev-evil "$module" "$@"
