/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_internal.h - between the files of the policy's parser. */
#ifndef VCD_KEEPER_POLICY_INTERNAL_H
#define VCD_KEEPER_POLICY_INTERNAL_H

#include "keeper/policy.h"

/** enum section - what the lines belong to. */
enum section {
	SECTION_NONE,
	SECTION_BAD, /* its head was wrong: its lines are only skipped */
	SECTION_VM,
	SECTION_KEY,
	SECTION_TOKEN,
};

/** Most words that a section may have; a bit each in struct parser.seen. */
#define POLICY_WORDS 16

/**
 * struct parser - where the parser is.
 * @policy: what is made
 * @errors: where errors go
 * @line: number of the line
 * @section: of the line
 * @seen: bit map of the words that the section has had
 * @vm_labels: by VM, the text of its "keys", until all keys are known
 */
struct parser {
	struct policy *policy;
	struct policy_errors *errors;
	unsigned int line;
	enum section section;
	unsigned int seen;
	char **vm_labels;
};

/** struct word - what a section may say: "NAME = VALUE". */
struct word {
	const char *name;
	void (*set)(struct parser *parser, char *value);
};

extern const struct word policy_vm_words[], policy_key_words[], policy_token_words[];

/** policy_next - the next word of a list, words being apart by blanks or commas; NULL: none. */
char *policy_next(char **list);

/** policy_finish - check what can be checked only with the whole file. */
void policy_finish(struct parser *parser);

/** policy_uri_part - the value of "NAME=" in a pkcs11: URI, percent signs undone; NULL: none, or bad. */
char *policy_uri_part(const char *uri, const char *name, size_t *len);

#endif /* VCD_KEEPER_POLICY_INTERNAL_H */
