# SPDX-License-Identifier: GPL-2.0-or-later
"""What tools/bench-suite is made of."""
