/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest.h - a test of every engine with known answers, before it is used.
 */
#ifndef ENG_SELFTEST_H
#define ENG_SELFTEST_H

#include "engine/engine.h"

/**
 * eng_selftest - have @engine compute known answers with every algorithm it has.
 *
 * Backends call it at the end of open, before the engine has any other session. It marks each
 * algorithm that gives a wrong answer in @engine->failed; eng_has() then denies it.
 *
 * Return: 0; -ELIBBAD no algorithm gives right answers; -ENOMEM.
 */
int eng_selftest(struct engine *engine);

#endif /* ENG_SELFTEST_H */
