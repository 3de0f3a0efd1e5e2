/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.c - the policy file: lines and sections. See policy.h; policy_words.c has the words. */
#include "keeper/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/util.h"
#include "keeper/policy_internal.h"

void policy_error(struct policy_errors *errors, unsigned int line, const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	errors->count++;
	if (errors->report)
		errors->report(errors->arg, line, text);
}

bool policy_label_ok(const char *text)
{
	size_t i;

	for (i = 0; text[i]; i++) {
		bool letter =
		    (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9');

		if (!letter && (!i || !strchr("._-", text[i])))
			return false;
	}
	return i > 0 && i < KEEPER_LABEL_LEN;
}

/* Names of VMs and tokens are other people's: anything that can be seen, but no bracket. */
static bool name_ok(const char *text, bool blanks)
{
	size_t i;

	for (i = 0; text[i]; i++)
		if (text[i] < ' ' || (text[i] == ' ' && !blanks) || text[i] > '~' ||
		    text[i] == ']' || text[i] == '[')
			return false;
	return i > 0 && i < KEEPER_LABEL_LEN;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return text;
}

char *policy_next(char **list)
{
	char *word = *list + strspn(*list, " \t,");
	char *end;

	if (!*word)
		return NULL;
	end = word + strcspn(word, " \t,");
	*list = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* Room for one more of what there are @count of. NULL, reported: there is none. */
static void *grow(struct parser *p, void *array, unsigned int count, size_t size, unsigned int max,
		  const char *what)
{
	void *larger;

	if (count >= max) {
		policy_error(p->errors, p->line, "more than %u sections [%s]", max, what);
		return NULL;
	}
	larger = realloc(array, (count + 1) * size);
	if (!larger) {
		policy_error(p->errors, p->line, "out of memory");
		return NULL;
	}
	memset((char *)larger + count * size, 0, size);
	return larger;
}

static enum section begin_key(struct parser *p, const char *name)
{
	struct policy *policy = p->policy;
	struct policy_key *keys;

	if (!policy_label_ok(name)) {
		policy_error(p->errors, p->line,
			     "\"%.80s\" is no label: 1 to 63 of a-z 0-9 . _ -, beginning with a "
			     "letter or digit",
			     name);
		return SECTION_BAD;
	}
	for (unsigned int i = 0; i < policy->key_count; i++)
		if (!strcmp(policy->keys[i].label, name)) {
			policy_error(p->errors, p->line, "[key %s] is in line %u already", name,
				     policy->keys[i].line);
			return SECTION_BAD;
		}
	keys =
	    grow(p, policy->keys, policy->key_count, sizeof(*policy->keys), POLICY_MAX_KEYS, "key");
	if (!keys)
		return SECTION_BAD;
	policy->keys = keys;
	keys += policy->key_count++;
	(void)snprintf(keys->label, sizeof(keys->label), "%s", name);
	keys->line = p->line;
	return SECTION_KEY;
}

static enum section begin_vm(struct parser *p, const char *name)
{
	struct policy *policy = p->policy;
	struct policy_vm *vms;
	char **labels;

	if (policy_vm_find(policy, name)) {
		policy_error(p->errors, p->line, "[vm %s] is in line %u already", name,
			     policy_vm_find(policy, name)->line);
		return SECTION_BAD;
	}
	labels = grow(p, p->vm_labels, policy->vm_count, sizeof(*labels), POLICY_MAX_VMS, "vm");
	if (!labels)
		return SECTION_BAD;
	p->vm_labels = labels;
	vms = grow(p, policy->vms, policy->vm_count, sizeof(*policy->vms), POLICY_MAX_VMS, "vm");
	if (!vms)
		return SECTION_BAD;
	policy->vms = vms;
	vms += policy->vm_count++;
	(void)snprintf(vms->name, sizeof(vms->name), "%s", name);
	vms->line = p->line;
	return SECTION_VM;
}

static enum section begin_token(struct parser *p, const char *name)
{
	struct policy *policy = p->policy;
	struct policy_token *tokens;

	for (unsigned int i = 0; i < policy->token_count; i++)
		if (!strcmp(policy->tokens[i].name, name)) {
			policy_error(p->errors, p->line, "[token %s] is in line %u already", name,
				     policy->tokens[i].line);
			return SECTION_BAD;
		}
	tokens = grow(p, policy->tokens, policy->token_count, sizeof(*policy->tokens),
		      POLICY_MAX_TOKENS, "token");
	if (!tokens)
		return SECTION_BAD;
	policy->tokens = tokens;
	tokens += policy->token_count++;
	(void)snprintf(tokens->name, sizeof(tokens->name), "%s", name);
	tokens->line = p->line;
	tokens->threads = 16;
	tokens->timeout_ms = 5000;
	return SECTION_TOKEN;
}

/* "[key web-tls]" */
static enum section begin_section(struct parser *p, char *text)
{
	char *end = strchr(text, ']');
	char *kind, *name, *rest;

	if (!end || end[1]) {
		policy_error(p->errors, p->line,
			     "a section is \"[vm NAME]\", \"[key LABEL]\" or "
			     "\"[token NAME]\", alone in its line");
		return SECTION_BAD;
	}
	*end = '\0';
	rest = text + 1;
	kind = policy_next(&rest);
	name = trim(rest);
	if (!kind || !name_ok(name, !strcmp(kind, "token"))) {
		policy_error(p->errors, p->line,
			     "a section has a kind and a name of 1 to 63 visible characters");
		return SECTION_BAD;
	}
	if (!strcmp(kind, "key"))
		return begin_key(p, name);
	if (!strcmp(kind, "vm"))
		return begin_vm(p, name);
	if (!strcmp(kind, "token"))
		return begin_token(p, name);
	policy_error(p->errors, p->line, "unknown section [%.80s]", kind);
	return SECTION_BAD;
}

static const struct word *words_of(enum section section)
{
	switch (section) {
	case SECTION_VM:
		return policy_vm_words;
	case SECTION_KEY:
		return policy_key_words;
	default:
		return policy_token_words;
	}
}

/* "use = sign" */
static void set_word(struct parser *p, char *text)
{
	char *value = strchr(text, '=');
	const struct word *words;
	unsigned int i;

	if (p->section == SECTION_BAD)
		return;
	if (p->section == SECTION_NONE) {
		policy_error(p->errors, p->line, "a line before the first section");
		return;
	}
	if (!value) {
		policy_error(p->errors, p->line, "\"WORD = VALUE\" was expected");
		return;
	}
	*value++ = '\0';
	text = trim(text);
	value = trim(value);
	words = words_of(p->section);
	for (i = 0; words[i].name && strcmp(words[i].name, text); i++)
		;
	if (!words[i].name)
		policy_error(p->errors, p->line, "unknown word \"%.80s\" in this section", text);
	else if (p->seen & 1u << i)
		policy_error(p->errors, p->line, "\"%s\" is in this section already", text);
	else if (!*value)
		policy_error(p->errors, p->line, "\"%s\" has no value", text);
	else
		words[i].set(p, value);
	p->seen |= words[i].name ? 1u << i : 0;
}

/* What is missing in a section that has an error is not reported on top of that. */
static void mark_faulty(struct parser *p)
{
	if (p->section == SECTION_KEY)
		p->policy->keys[p->policy->key_count - 1].faulty = true;
	else if (p->section == SECTION_TOKEN)
		p->policy->tokens[p->policy->token_count - 1].faulty = true;
}

static void take_line(struct parser *p, char *text)
{
	unsigned int before = p->errors->count;

	text = trim(text);
	if (!*text || *text == '#')
		return;
	if (*text != '[') {
		set_word(p, text);
		if (p->errors->count != before)
			mark_faulty(p);
		return;
	}
	p->seen = 0;
	p->section = begin_section(p, text);
}

static void take_text(struct parser *p, char *text, size_t len)
{
	char *next;

	if (memchr(text, '\0', len)) {
		policy_error(p->errors, 0, "a byte 0 in the file");
		return;
	}
	for (; text && *text; text = next) {
		p->line++;
		next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		take_line(p, text);
	}
}

struct policy *policy_parse(const char *text, size_t len, struct policy_errors *errors)
{
	struct parser p = {.errors = errors};
	unsigned int before = errors->count;
	char *copy;

	if (len > POLICY_MAX_BYTES) {
		policy_error(errors, 0, "the file has more than %u bytes", POLICY_MAX_BYTES);
		return NULL;
	}
	copy = malloc(len + 1);
	p.policy = calloc(1, sizeof(*p.policy));
	if (!copy || !p.policy) {
		policy_error(errors, 0, "out of memory");
	} else {
		memcpy(copy, text, len);
		copy[len] = '\0';
		take_text(&p, copy, len);
		policy_finish(&p);
	}
	for (unsigned int i = 0; p.policy && i < p.policy->vm_count; i++)
		free(p.vm_labels[i]);
	free(p.vm_labels);
	free(copy);
	return errors->count == before ? p.policy : policy_free(p.policy);
}

struct policy *policy_free(struct policy *policy)
{
	unsigned int i;

	if (!policy)
		return NULL;
	for (i = 0; i < policy->key_count; i++) {
		free(policy->keys[i].source);
		free(policy->keys[i].passphrase);
		free(policy->keys[i].passphrase_credential);
	}
	for (i = 0; i < policy->vm_count; i++) {
		free(policy->vms[i].user);
		free(policy->vms[i].keys);
	}
	for (i = 0; i < policy->token_count; i++) {
		free(policy->tokens[i].module);
		free(policy->tokens[i].pin);
		free(policy->tokens[i].pin_credential);
	}
	free(policy->keys);
	free(policy->vms);
	free(policy->tokens);
	free(policy);
	return NULL;
}

int policy_key_find(const struct policy *policy, const char *label)
{
	unsigned int low = 0, high = policy->key_count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		int order = strcmp(label, policy->keys[middle].label);

		if (!order)
			return (int)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

const struct policy_vm *policy_vm_find(const struct policy *policy, const char *name)
{
	for (unsigned int i = 0; i < policy->vm_count; i++)
		if (!strcmp(policy->vms[i].name, name))
			return &policy->vms[i];
	return NULL;
}
