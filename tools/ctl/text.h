/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - foreign text, before a terminal sees it.
 */
#ifndef VCD_CTL_TEXT_H
#define VCD_CTL_TEXT_H

#include <stddef.h>

/**
 * text_clean - make foreign text harmless to a terminal, in place.
 * @text: the text
 * @len: its bytes
 *
 * A worker that a guest has taken over answers what it likes. Control characters
 * (utf8_is_control()) and bytes that are not UTF-8 become '?'; newline and tab stay.
 */
void text_clean(char *text, size_t len);

#endif /* VCD_CTL_TEXT_H */
