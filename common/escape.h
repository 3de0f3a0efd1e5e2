/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * escape.h - text of other people's inside JSON and inside a metric's label.
 */
#ifndef VCD_COMMON_ESCAPE_H
#define VCD_COMMON_ESCAPE_H

#include <stdio.h>

/** escape_json - write @text to @out as a JSON string with its quotes; NULL is null. */
void escape_json(const char *text, FILE *out);

/** escape_label - write @text to @out as the value of a Prometheus label, without quotes. */
void escape_label(const char *text, FILE *out);

#endif /* VCD_COMMON_ESCAPE_H */
