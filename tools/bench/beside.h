/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * beside.h - where the other programs of this build or installation are.
 */
#ifndef VCD_BENCH_BESIDE_H
#define VCD_BENCH_BESIDE_H

#include <limits.h>

/**
 * beside - the path of a file.
 * @given: what the user named, or NULL
 * @places: else the first that is there, as seen from the folder of this program; NULL-ended
 * @path: out; empty if there is none
 *
 * Return: 0 or a negative errno.
 */
int beside(const char *given, const char *const places[], char path[PATH_MAX]);

#endif /* VCD_BENCH_BESIDE_H */
