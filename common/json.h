/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - writes JSON (RFC 8259), piece by piece, to a stream.
 *
 *	struct json json = json_to(file, 0);
 *
 *	json_begin(&json, NULL, '{');
 *	json_string(&json, "mode", "wire");
 *	json_number(&json, "size", 4096);
 *	json_end(&json);                            {"mode":"wire","size":4096}
 *
 * A value inside an object has a name, and one inside an array has none, NULL. Names are words of
 * the program's own; values may be foreign bytes. There is no line end after the last value.
 */
#ifndef VCD_COMMON_JSON_H
#define VCD_COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Deepest nesting. */
#define JSON_DEPTH 8

/**
 * struct json - where the next value goes.
 * @file: stream
 * @lines: levels of nesting whose values have lines of their own; 0: no blanks at all
 * @depth: objects and arrays that are open
 * @open: how each of them ends
 * @some: the innermost has a value already
 */
struct json {
	FILE *file;
	unsigned int lines;
	unsigned int depth;
	char open[JSON_DEPTH];
	bool some;
};

/** json_to - a writer; @lines: see above. */
struct json json_to(FILE *file, unsigned int lines);

/** json_begin - an object, @open '{', or an array, '['. At most JSON_DEPTH are open. */
void json_begin(struct json *json, const char *name, char open);

/** json_end - end the innermost of them. */
void json_end(struct json *json);

/** json_string - @text as a string; NULL is null. */
void json_string(struct json *json, const char *name, const char *text);

/** json_bytes - @len bytes as a string: what is not UTF-8 becomes U+FFFD. */
void json_bytes(struct json *json, const char *name, const void *bytes, size_t len);

/** json_number - a number. */
void json_number(struct json *json, const char *name, uint64_t number);

/** json_decimal - a finite number with @digits digits after the point. */
void json_decimal(struct json *json, const char *name, double number, int digits);

/** json_bool - true or false. */
void json_bool(struct json *json, const char *name, bool value);

#endif /* VCD_COMMON_JSON_H */
