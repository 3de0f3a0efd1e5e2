/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rsp.h - reads the response files of NIST's CAVP.
 *
 * The format, as far as it matters: lines "NAME = value"; groups of them between
 * empty lines; headings "[ENCRYPT]" or "[Nlen = 7, Tlen = 4]"; comments after '#'.
 * A heading with values, and a group such as "Key = ..." that stands before the
 * vectors that use it, set values that hold until they are set again.
 *
 *	struct rsp *rsp = rsp_open(path);
 *
 *	while ((status = rsp_next(rsp)) > 0) {
 *		if (!rsp_fresh(rsp, "CIPHERTEXT"))
 *			continue;
 *		len = rsp_hex(rsp, "KEY", key, sizeof(key));
 *		...
 *	}
 *	rsp_close(rsp);
 */
#ifndef VCD_TEST_RSP_H
#define VCD_TEST_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rsp;

/** rsp_open - read a whole file. Return: NULL and errno set on failure. */
struct rsp *rsp_open(const char *path);

/** rsp_close - free it; NULL is fine. */
void rsp_close(struct rsp *rsp);

/** rsp_next - go to the next group. Return: 1, 0 at the end, -EINVAL for a line not understood. */
int rsp_next(struct rsp *rsp);

/** rsp_section - last heading without values, "ENCRYPT"; "" before the first. */
const char *rsp_section(const struct rsp *rsp);

/** rsp_line - line number where the present group begins, for messages. */
unsigned int rsp_line(const struct rsp *rsp);

/** rsp_fresh - whether @name stands in the present group (also a bare word like "FAIL"). */
bool rsp_fresh(const struct rsp *rsp, const char *name);

/** rsp_text - the value of @name in this group or before it; NULL when there was none. */
const char *rsp_text(const struct rsp *rsp, const char *name);

/** rsp_number - the value as a decimal number, or -EINVAL. */
long rsp_number(const struct rsp *rsp, const char *name);

/** rsp_hex - the value as bytes. Return: their number, -ENOENT, or -EINVAL. */
ssize_t rsp_hex(const struct rsp *rsp, const char *name, uint8_t *buf, size_t size);

#endif /* VCD_TEST_RSP_H */
