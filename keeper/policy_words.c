/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_words.c - what the sections of a policy may say, and what fits together. See policy.h. */
#include "keeper/policy_internal.h"

#include <stdio.h>
#include <string.h>

#include "common/util.h"
#include "keeper/scheme.h"

static struct policy_key *this_key(struct parser *p)
{
	return &p->policy->keys[p->policy->key_count - 1];
}

static struct policy_token *this_token(struct parser *p)
{
	return &p->policy->tokens[p->policy->token_count - 1];
}

static struct policy_vm *this_vm(struct parser *p)
{
	return &p->policy->vms[p->policy->vm_count - 1];
}

static char *copy(struct parser *p, const char *text)
{
	char *ret = strdup(text);

	if (!ret)
		policy_error(p->errors, p->line, "out of memory");
	return ret;
}

/* A whole number from @min to @max, with @unit behind it, or any of the two units. */
static bool number(const char *text, unsigned int min, unsigned int max, const char *unit,
		   unsigned int *ret)
{
	unsigned long long value = 0;
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 9 || strcmp(text + digits, unit) != 0)
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (unsigned int)(text[i] - '0');
	if (value < min || value > max)
		return false;
	*ret = (unsigned int)value;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* ---- [vm] ------------------------------------------------------------------------------ */

static void vm_keys(struct parser *p, char *value)
{
	p->vm_labels[p->policy->vm_count - 1] = copy(p, value);
}

static void vm_uid(struct parser *p, char *value)
{
	if (strpbrk(value, " \t,"))
		policy_error(p->errors, p->line, "uid: one user, a name or a number");
	else
		this_vm(p)->user = copy(p, value);
}

const struct word policy_vm_words[] = {{"keys", vm_keys}, {"uid", vm_uid}, {NULL, NULL}};

/* ---- [token] --------------------------------------------------------------------------- */

static void token_module(struct parser *p, char *value)
{
	if (*value != '/' || strlen(value) > 500)
		policy_error(p->errors, p->line,
			     "module: an absolute path of at most 500 bytes is needed");
	else
		this_token(p)->module = copy(p, value);
}

static bool credential_ok(const char *name)
{
	return *name && *name != '.' && !strpbrk(name, "/ \t");
}

/* "file:PATH" or "credential:NAME". */
static void set_secret(struct parser *p, const char *word, const char *value, char **path,
		       char **credential)
{
	if (!strncmp(value, "file:", 5) && value[5])
		*path = copy(p, value + 5);
	else if (!strncmp(value, "credential:", 11) && credential_ok(value + 11))
		*credential = copy(p, value + 11);
	else
		policy_error(
		    p->errors, p->line,
		    "%s: \"file:PATH\" or \"credential:NAME\" is needed; the secret itself "
		    "has no place in this file",
		    word);
}

static void token_pin(struct parser *p, char *value)
{
	set_secret(p, "pin", value, &this_token(p)->pin, &this_token(p)->pin_credential);
}

static void token_threads(struct parser *p, char *value)
{
	if (!number(value, 1, 64, "", &this_token(p)->threads))
		policy_error(p->errors, p->line, "threads: a number from 1 to 64 is needed");
}

static void token_timeout(struct parser *p, char *value)
{
	unsigned int seconds;

	if (number(value, 1, 15000, "ms", &this_token(p)->timeout_ms))
		return;
	if (number(value, 1, 15, "s", &seconds))
		this_token(p)->timeout_ms = seconds * 1000;
	else
		policy_error(p->errors, p->line, "timeout: 1ms to 15s is needed, as \"5s\"");
}

const struct word policy_token_words[] = {
    {"module", token_module},	{"pin", token_pin}, {"threads", token_threads},
    {"timeout", token_timeout}, {NULL, NULL},
};

/* ---- [key] ----------------------------------------------------------------------------- */

char *policy_uri_part(const char *uri, const char *name, size_t *len)
{
	const char *at = uri;
	size_t name_len = strlen(name), size = 0;
	char *value;

	*len = 0;
	if (strncmp(uri, "pkcs11:", 7) != 0)
		return NULL;
	at += 7;

	while (strncmp(at, name, name_len) != 0 || at[name_len] != '=') {
		at += strcspn(at, ";?");
		if (*at != ';')
			return NULL;
		at++;
	}
	at += name_len + 1;
	value = malloc(strlen(at) + 1);
	for (; value && *at && !strchr(";?", *at); at++) {
		int high, low;

		if (*at != '%') {
			value[size++] = *at;
			continue;
		}
		high = hex_digit(at[1]);
		low = high < 0 ? -1 : hex_digit(at[2]);
		if (low < 0) {
			free(value);
			return NULL;
		}
		value[size++] = (char)(high << 4 | low);
		at += 2;
	}
	if (value)
		value[size] = '\0';
	*len = size;
	return value;
}

/* Attributes that a key's URI may have; "type" is private anyway. */
static bool uri_ok(struct parser *p, const char *uri)
{
	static const char *const known[] = {"token", "object", "id", "type"};
	const char *at = uri + strlen("pkcs11:");
	size_t len;

	while (*at) {
		bool ok = false;

		len = strcspn(at, "=;?");
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			ok |= len == strlen(known[i]) && !strncmp(at, known[i], len);
		if (!ok || at[len] != '=') {
			policy_error(p->errors, p->line,
				     "source: a key's URI has token, object, id and type only; PIN "
				     "and module are in the [token] section");
			return false;
		}
		at += strcspn(at, ";?");
		if (*at == '?')
			at = "?";
		else if (*at)
			at++;
	}
	return true;
}

static void key_source(struct parser *p, char *value)
{
	struct policy_key *key = this_key(p);

	if (!strncmp(value, "file:", 5) && value[5]) {
		key->store = STORE_FILE;
		key->source = copy(p, value + 5);
	} else if (!strncmp(value, "pkcs11:", 7)) {
		key->store = STORE_PKCS11;
		if (strlen(value) > 500)
			policy_error(p->errors, p->line, "source: a URI of more than 500 bytes");
		else if (uri_ok(p, value))
			key->source = copy(p, value);
	} else {
		policy_error(p->errors, p->line,
			     "source: \"file:PATH\" or \"pkcs11:token=...;object=...\" is needed");
	}
}

static void key_passphrase(struct parser *p, char *value)
{
	set_secret(p, "passphrase", value, &this_key(p)->passphrase,
		   &this_key(p)->passphrase_credential);
}

static void key_use(struct parser *p, char *value)
{
	const char *word;

	while ((word = policy_next(&value))) {
		uint32_t use = use_named(word);

		if (!use)
			policy_error(p->errors, p->line,
				     "use: \"%.40s\" is none of sign verify encrypt decrypt derive",
				     word);
		this_key(p)->use |= use;
	}
}

static void key_schemes(struct parser *p, char *value)
{
	const char *word;

	while ((word = policy_next(&value))) {
		const struct scheme *scheme = scheme_named(word);

		if (!scheme)
			policy_error(p->errors, p->line, "schemes: unknown scheme \"%.40s\"", word);
		else
			this_key(p)->schemes |= UINT64_C(1) << scheme->id;
	}
}

static void key_alg(struct parser *p, char *value)
{
	const struct eng_alg *alg;

	for (size_t i = 0; (alg = eng_alg_at(i)); i++)
		if (!strcmp(alg->cli_name, value) && alg->key_max && alg->kind != ENG_ALG_HASH) {
			this_key(p)->alg = alg;
			return;
		}
	policy_error(p->errors, p->line, "alg: unknown algorithm \"%.40s\"", value);
}

static void key_form(struct parser *p, char *value)
{
	this_key(p)->form = form_named(value);
	if (this_key(p)->form == KEEPER_FORM_COUNT)
		policy_error(p->errors, p->line, "form: any, tls13-server or tls13-client");
}

static void key_hold(struct parser *p, char *value)
{
	this_key(p)->hold_said = true;
	this_key(p)->worker = !strcmp(value, "worker");
	if (!this_key(p)->worker && strcmp(value, "keeper") != 0)
		policy_error(p->errors, p->line, "hold: worker or keeper");
}

static void key_iv(struct parser *p, char *value)
{
	this_key(p)->iv_guest = !strcmp(value, "guest");
	if (!this_key(p)->iv_guest && strcmp(value, "host") != 0)
		policy_error(p->errors, p->line, "iv: host or guest");
}

static void key_audit(struct parser *p, char *value)
{
	if (!strcmp(value, "all"))
		this_key(p)->audit = AUDIT_ALL;
	else if (strcmp(value, "events") != 0)
		policy_error(p->errors, p->line, "audit: all or events");
}

/* "2000/s" or "2000/s:500". */
static void key_rate(struct parser *p, char *value)
{
	struct policy_key *key = this_key(p);
	char *burst = strchr(value, ':');

	if (burst)
		*burst++ = '\0';
	if (!number(value, 1, POLICY_MAX_RATE, "/s", &key->rate) ||
	    (burst && !number(burst, 1, POLICY_MAX_RATE, "", &key->burst)))
		policy_error(p->errors, p->line,
			     "rate: \"N/s\" or \"N/s:BURST\", numbers from 1 to %u",
			     POLICY_MAX_RATE);
	if (!burst)
		key->burst = key->rate;
}

/* "sha256:HEX" */
static void key_ticket(struct parser *p, char *value)
{
	struct policy_key *key = this_key(p);
	bool ok = !strncmp(value, "sha256:", 7) && strlen(value) == 7 + 64;

	for (size_t i = 0; ok && i < sizeof(key->ticket); i++) {
		int high = hex_digit(value[7 + 2 * i]), low = hex_digit(value[8 + 2 * i]);

		ok = high >= 0 && low >= 0;
		if (ok)
			key->ticket[i] = (uint8_t)(high << 4 | low);
	}
	if (!ok)
		policy_error(p->errors, p->line, "ticket: \"sha256:\" and 64 hexadecimal digits");
	key->has_ticket = true;
}

const struct word policy_key_words[] = {
    {"source", key_source},
    {"use", key_use},
    {"schemes", key_schemes},
    {"form", key_form},
    {"rate", key_rate},
    {"alg", key_alg},
    {"hold", key_hold},
    {"iv", key_iv},
    {"audit", key_audit},
    {"ticket", key_ticket},
    {"passphrase", key_passphrase},
    {NULL, NULL},
};
static_assert(ARRAY_SIZE(policy_key_words) <= POLICY_WORDS, "a bit for each");
