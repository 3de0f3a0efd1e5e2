/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest.h - known answers, asked of every engine before it is used.
 */
#ifndef VCD_SELFTEST_H
#define VCD_SELFTEST_H

#include "engine/engine.h"

/**
 * vcd_engine_selftest - have @engine compute known answers with every algorithm it has.
 *
 * Backends call it at the end of open, before the engine has any other session. It marks each
 * algorithm that gives a wrong answer in @engine->failed; vcd_engine_has() then denies it.
 *
 * Return: 0; -ELIBBAD no algorithm gives right answers; -ENOMEM.
 */
int vcd_engine_selftest(struct vcd_engine *engine);

#endif /* VCD_SELFTEST_H */
