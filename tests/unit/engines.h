/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engines.h - the engines that every test of engine behaviour runs on. */
#ifndef VCD_UNIT_ENGINES_H
#define VCD_UNIT_ENGINES_H

#include "engine/engine.h"

#define ENGINES_WORKERS 3

/** engines_openssl - cmocka group setup: the openssl engine into @engines_current. */
int engines_openssl(void **state);

/** engines_ipsecmb - the same with the multi-buffer engine, for all that it can do. */
int engines_ipsecmb(void **state);

/** engines_auto - the same what chooses between these two. */
int engines_auto(void **state);

/** engines_cryptodev - the same with the cryptodev engine, on fake_cryptodev.c. */
int engines_cryptodev(void **state);

/** engines_have_ipsecmb - whether there is a multi-buffer engine here; says so if not. */
bool engines_have_ipsecmb(void);

/** engines_close - group teardown: ends it; nothing may be left on the fake device. */
int engines_close(void **state);

/** ENGINES_RUN - run a group of tests on each engine; the number of failures. */
#define ENGINES_RUN(tests)                                                                         \
	(cmocka_run_group_tests(tests, engines_openssl, engines_close) +                           \
	 cmocka_run_group_tests(tests, engines_cryptodev, engines_close) +                         \
	 (engines_have_ipsecmb() ? cmocka_run_group_tests(tests, engines_ipsecmb, engines_close) + \
				       cmocka_run_group_tests(tests, engines_auto, engines_close)  \
				 : 0))

extern struct engine *engines_current;

#endif /* VCD_UNIT_ENGINES_H */
