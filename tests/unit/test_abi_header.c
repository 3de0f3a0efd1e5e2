/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_abi_header.c - the ABI's header compiles as C99, with no other header before it, and says
 * what it should.
 */
#include "cryptodev.h"

#if __STDC_VERSION__ != 199901L
#error "to be compiled as C99"
#endif

int main(void)
{
	struct crypt_op op = {.flags = COP_FLAG_ZERO_COPY};

	return op.flags == 256 && sizeof(struct session_info_op) == 268 ? 0 : 1;
}
