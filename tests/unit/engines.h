/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engines.h - the engines that every test of engine behaviour runs on. */
#ifndef VCD_UNIT_ENGINES_H
#define VCD_UNIT_ENGINES_H

#include "engine/engine.h"

#define ENGINES_WORKERS 3

/** engines_openssl - cmocka group setup: the openssl engine into @engines_current. */
int engines_openssl(void **state);

/** engines_cryptodev - likewise the cryptodev engine, on fake_cryptodev.c. */
int engines_cryptodev(void **state);

/** engines_close - group teardown: ends it; nothing may be left on the fake device. */
int engines_close(void **state);

extern struct vcd_engine *engines_current;

#endif /* VCD_UNIT_ENGINES_H */
