/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h - events for programs, one object a line. */
#ifndef CRYPTOCHAT_UI_JSON_H
#define CRYPTOCHAT_UI_JSON_H

#include <stddef.h>
#include <stdint.h>

/**
 * json_event() - {"event":..., WHO:..., WHAT:...,"time":...}
 * @event: kind of event
 * @who_name: name of the member that says who, left out if @who is NULL
 * @who: its value, any bytes
 * @what_name: name of the other member
 * @what: its value, @len bytes of any kind; what is not UTF-8 becomes U+FFFD
 * @time_ms: member "time", milliseconds since 1970; left out if 0
 *
 * Return: the line with its newline, to be freed; NULL: no memory
 */
char *json_event(const char *event, const char *who_name, const char *who, const char *what_name,
		 const void *what, size_t len, uint64_t time_ms);

#endif /* CRYPTOCHAT_UI_JSON_H */
