/* SPDX-License-Identifier: GPL-2.0-or-later */
/* escape.h - foreign text inside a metric's label. */
#ifndef VCD_COMMON_ESCAPE_H
#define VCD_COMMON_ESCAPE_H

#include <stdio.h>

/** escape_label - write @text to @out as the value of a Prometheus label, without quotes. */
void escape_label(const char *text, FILE *out);

#endif /* VCD_COMMON_ESCAPE_H */
