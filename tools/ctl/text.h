/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - foreign text, before a terminal or Prometheus sees it.
 */
#ifndef VCD_CTL_TEXT_H
#define VCD_CTL_TEXT_H

#include <stddef.h>
#include <stdio.h>

/**
 * text_clean - make foreign text harmless to a terminal, in place.
 * @text: the text
 * @len: its bytes
 *
 * A worker that a guest has taken over answers what it likes. Control characters
 * (utf8_is_control()) and bytes that are not UTF-8 become '?'; newline and tab stay.
 */
void text_clean(char *text, size_t len);

/** escape_label - write @text to @out as the value of a Prometheus label, without quotes. */
void escape_label(const char *text, FILE *out);

#endif /* VCD_CTL_TEXT_H */
