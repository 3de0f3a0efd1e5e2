/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gnutls-selftest.c - GnuTLS's self tests, an algorithm at a time: its own program ends with
 * the first that fails. Built by tests/vm/lib/foreign.sh, in GnuTLS's build tree.
 *
 * A line for each: "ok", "not ok" or "none" (GnuTLS has no vectors), kind and name.
 */
#include <stdio.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/self-test.h>

static void line(const char *kind, const char *name, int ret)
{
	const char *result = ret == GNUTLS_E_NO_SELF_TEST ? "none" : ret ? "not ok" : "ok";

	printf("%s %s %s%s%s\n", result, kind, name, ret ? ": " : "",
	       ret ? gnutls_strerror_name(ret) : "");
}

int main(void)
{
	const gnutls_cipher_algorithm_t *c = gnutls_cipher_list();
	const gnutls_mac_algorithm_t *m = gnutls_mac_list();
	const gnutls_digest_algorithm_t *d = gnutls_digest_list();

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (; c && *c; c++)
		line("cipher", gnutls_cipher_get_name(*c), gnutls_cipher_self_test(0, *c));
	for (; m && *m; m++)
		line("mac", gnutls_mac_get_name(*m), gnutls_mac_self_test(0, *m));
	for (; d && *d; d++)
		line("digest", gnutls_digest_get_name(*d), gnutls_digest_self_test(0, *d));
	return 0;
}
