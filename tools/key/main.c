/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - vcrypto-key: the keys of the host that this guest may use by name.
 *
 * Nothing secret is printed but by `blob' with --ticket-file: the ticket is in the blob.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cli.h"
#include "common/key_client.h"
#include "common/util.h"
#include "tools/key/show.h"

#define PROGRAM "vcrypto-key"

/* Exit status; documented in the manual page. */
enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,  /* the device failed, or output */
	STATUS_USAGE = 2,   /* bad command line */
	STATUS_NO_KEYS = 3, /* no device, or no key service behind it */
	STATUS_NO_KEY = 4,  /* no such key for this guest */
};

/**
 * struct options - the command line.
 * @device: path of the device
 * @ticket_file: path of a file with a ticket, or NULL
 * @json: print JSON
 */
struct options {
	const char *device;
	const char *ticket_file;
	bool json;
};

#define CLI_STRUCT struct options

static const struct cli_option table[] = {
    CLI_OPTION('d', "device", "PATH", "use this device", device, cli_text, .value = KEY_DEVICE),
    CLI_OPTION('t', "ticket-file", "PATH",
	       "a file with the key's ticket: 32 bytes, or 64 hexadecimal digits", ticket_file,
	       cli_text),
    CLI_OPTION(0, "json", NULL, "print JSON: list, info", json, cli_flag),
};

static const struct cli_status statuses[] = {
    {STATUS_OK, "done"},
    {STATUS_FAILED, "the device or the output failed"},
    {STATUS_USAGE, "bad command line"},
    {STATUS_NO_KEYS, "no device, or the host has no key service for this guest"},
    {STATUS_NO_KEY, "no such key for this guest, or the ticket is wrong"},
    {0},
};

static const struct cli cli = {
    .program = PROGRAM,
    .manual = PROGRAM "(1)",
    .usage = "[OPTION]... list\n[OPTION]... info | pem | blob LABEL",
    .about = "Shows the keys that the host has for this guest, and writes what stands for them.\n"
	     "\n"
	     "Commands:\n"
	     "  list          print the keys\n"
	     "  info LABEL    print what is told of a key, and its public key\n"
	     "  pem LABEL     write a PEM file for programs that want a private key in a file;\n"
	     "                it has the key's URI in it, and no key\n"
	     "  blob LABEL    write the 128 bytes that stand for a key where Linux wants the\n"
	     "                bytes of one: dm-crypt, LUKS\n",
    .options = table,
    .count = ARRAY_SIZE(table),
    .statuses = statuses,
};

static int fail(const char *what, int err)
{
	fprintf(stderr, PROGRAM ": %s: %s\n", what, key_error(err));
	if (err == -ENOKEY)
		return STATUS_NO_KEY;
	if (err == -ENOENT || err == -ENOTTY || err == -EOPNOTSUPP)
		return STATUS_NO_KEYS;
	return STATUS_FAILED;
}

static int list(int fd, const struct options *o)
{
	_cleanup_free_ struct crypt_key *keys = NULL;
	size_t count;
	int err = key_list(fd, &keys, &count);

	if (err)
		return fail(o->device, err);
	if (o->json)
		show_list_json(stdout, keys, count);
	else
		show_list(stdout, keys, count);
	return STATUS_OK;
}

static int info(int fd, const struct options *o, const struct key_name *name)
{
	_cleanup_free_ uint8_t *spki = NULL;
	size_t spki_len = 0;
	struct crypt_key key;
	int err = key_info(fd, name, &key, &spki, &spki_len);

	if (err)
		return fail(name->label, err);
	if (o->json)
		show_info_json(stdout, &key, spki, spki_len);
	else
		show_info(stdout, &key, spki, spki_len);
	return STATUS_OK;
}

/* Appends an element of DER whose contents are a text. Return: its end. */
static size_t add_text(uint8_t *der, size_t at, uint8_t tag, const char *text)
{
	size_t len = strlen(text);

	der[at++] = tag;
	if (len > 127)
		der[at++] = 0x82;
	if (len > 127)
		der[at++] = (uint8_t)(len >> 8);
	der[at++] = (uint8_t)len;
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): its length goes before it */
	memcpy(der + at, text, len);
	return at + len;
}

/* SEQUENCE { VisibleString, UTF8String }: provider/key_decode.c reads it. */
static int pem(int fd, const struct key_name *name)
{
	uint8_t inner[KEY_MAX_URI + 64], der[KEY_MAX_URI + 72] = {0x30, 0x82};
	char uri[KEY_MAX_URI];
	struct crypt_key key;
	int err = key_info(fd, name, &key, NULL, NULL);
	size_t len;

	if (!err)
		err = key_name_uri(name, uri);
	if (err)
		return fail(name->label, err);
	len = add_text(inner, 0, 0x1a, "key of the host, version 1");
	len = add_text(inner, len, 0x0c, uri);
	der[2] = (uint8_t)(len >> 8);
	der[3] = (uint8_t)len;
	memcpy(der + 4, inner, len);
	show_pem(stdout, KEY_PEM_LABEL, der, len + 4);
	return STATUS_OK;
}

/* CRC-32 of IEEE 802.3, of one piece after another: begin with 0. */
static uint32_t crc32_add(uint32_t crc, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	crc = ~crc;
	while (len--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static int blob(int fd, const struct key_name *name)
{
	struct crypt_key_blob b = {.magic = CRYPT_KEY_BLOB_MAGIC, .version = 1};
	struct crypt_key key;
	uint32_t crc;
	int err;

	if (isatty(STDOUT_FILENO)) {
		fputs(PROGRAM ": a blob is not for a terminal: use `>FILE' or `|'\n", stderr);
		return STATUS_USAGE;
	}
	err = key_info(fd, name, &key, NULL, NULL);
	if (err)
		return fail(name->label, err);
	memcpy(b.label, name->label, sizeof(b.label));
	memcpy(b.check, key.check, sizeof(b.check));
	if (name->has_ticket) {
		b.flags = CRYPT_KEY_BLOB_TICKET;
		memcpy(b.ticket, name->ticket, sizeof(b.ticket));
	}
	crc = crc32_add(0, &b, offsetof(struct crypt_key_blob, crc32));
	crc = crc32_add(crc, &b.reserved, sizeof(b) - offsetof(struct crypt_key_blob, reserved));
	for (unsigned int i = 0; i < sizeof(b.crc32); i++)
		b.crc32[i] = (uint8_t)(crc >> (8 * i));
	err = fwrite(&b, sizeof(b), 1, stdout) != 1;
	explicit_bzero(&b, sizeof(b));
	return err ? STATUS_FAILED : STATUS_OK;
}

static int with_key(int fd, const struct options *o, const char *command, const char *label)
{
	struct key_name name;
	int err = key_name_set(&name, label, o->device, o->ticket_file);
	int status = STATUS_USAGE;

	if (err) {
		fprintf(stderr,
			PROGRAM ": %s: not a label (a-z 0-9 . _ -), or a path is too long\n",
			label);
		return STATUS_USAGE;
	}
	err = key_name_ticket(&name);
	if (err) {
		fprintf(stderr, PROGRAM ": %s: %s\n", o->ticket_file,
			err == -EINVAL ? "not a ticket: 32 bytes, or 64 hexadecimal digits"
				       : strerror(-err));
		return STATUS_FAILED;
	}
	if (!strcmp(command, "info"))
		status = info(fd, o, &name);
	else if (!strcmp(command, "pem"))
		status = pem(fd, &name);
	else if (!strcmp(command, "blob"))
		status = blob(fd, &name);
	key_name_wipe(&name);
	return status;
}

/* Whether the words are a command with the right number of them. */
static bool is_command(const struct cli_state *state)
{
	const char *word = state->word_count ? state->words[0] : "";

	if (!strcmp(word, "list"))
		return state->word_count == 1;
	return (!strcmp(word, "info") || !strcmp(word, "pem") || !strcmp(word, "blob")) &&
	       state->word_count == 2;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct cli_state state;
	enum cli_result result = cli_parse(&cli, argc, argv, &o, &state);
	_cleanup_fd_ int fd = -1;
	int status;

	if (result == CLI_RUN && !is_command(&state))
		result = cli_bad(&state, "say one of: list, info LABEL, pem LABEL, blob LABEL");
	if (result != CLI_RUN)
		return cli_finish(&cli, result, &state);
	fd = key_open(o.device);
	if (fd < 0) {
		fprintf(stderr, PROGRAM ": %s: %s\n", o.device, strerror(-fd));
		return fd == -ENOENT || fd == -ENODEV || fd == -ENXIO ? STATUS_NO_KEYS
								      : STATUS_FAILED;
	}
	status =
	    state.word_count == 1 ? list(fd, &o) : with_key(fd, &o, state.words[0], state.words[1]);
	if (status == STATUS_OK && (fflush(stdout) || ferror(stdout))) {
		perror(PROGRAM ": output");
		status = STATUS_FAILED;
	}
	return status;
}
