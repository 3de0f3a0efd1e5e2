/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - what happened, for programs: one JSON object a line.
 *
 * cryptochat-events(5) and docs/cryptochat-events.schema.json list the events and their facts; the
 * test chat-events compares both with the source and with what the program writes.
 */
#ifndef CRYPTOCHAT_UI_EVENT_H
#define CRYPTOCHAT_UI_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fact_kind { FACT_NONE, FACT_TEXT, FACT_NUMBER, FACT_BOOL };

/**
 * struct fact - a member of an event besides its name and its sentence
 * @name: NULL: the end of a list
 * @text: FACT_TEXT: any bytes; what is not UTF-8 becomes U+FFFD
 * @number: FACT_NUMBER and FACT_BOOL
 */
struct fact {
	const char *name;
	enum fact_kind kind;
	const char *text;
	uint64_t number;
};

/** FACTS() - a list of facts, for the call that it stands in */
#define FACTS(...) ((const struct fact[]){__VA_ARGS__, {.name = NULL}})

/** fact_text() - a fact that is left out if @text is NULL */
static inline struct fact fact_text(const char *name, const char *text)
{
	return (struct fact){name, text ? FACT_TEXT : FACT_NONE, text, 0};
}

static inline struct fact fact_number(const char *name, uint64_t number)
{
	return (struct fact){name, FACT_NUMBER, NULL, number};
}

static inline struct fact fact_bool(const char *name, bool value)
{
	return (struct fact){name, FACT_BOOL, NULL, value};
}

/**
 * event_line() - {"event":EVENT, FACTS..., NAME:TEXT}
 * @event: kind of event
 * @facts: a list, or NULL
 * @name: name of the last member; NULL: there is none
 * @text: its value, @len bytes of any kind; what is not UTF-8 becomes U+FFFD
 *
 * Return: the line with its newline, to be freed; NULL: no memory
 */
char *event_line(const char *event, const struct fact *facts, const char *name, const void *text,
		 size_t len);

#endif /* CRYPTOCHAT_UI_EVENT_H */
