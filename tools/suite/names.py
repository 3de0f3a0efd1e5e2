# SPDX-License-Identifier: GPL-2.0-or-later
"""What the names of algorithms say."""


def is_digest(alg):
    """Whether it makes a digest or a MAC and does not encrypt."""
    return alg.startswith(("md5", "sha", "ripemd", "hmac-")) or alg.endswith("-cmac")
