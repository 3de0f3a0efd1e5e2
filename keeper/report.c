/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - the texts of KEYS and METRICS. See server.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "common/util.h"
#include "keeper/server.h"

static void put_use(FILE *out, uint32_t use)
{
	const char *comma = "";

	for (uint32_t bit = 1; bit <= KEEPER_USE_DERIVE; bit <<= 1)
		if (use & bit) {
			fprintf(out, "%s%s", comma, use_name(bit));
			comma = ",";
		}
}

static void put_key(const struct server *server, unsigned int i, FILE *out)
{
	static const struct meter none;
	const struct policy_key *policy = &server->table->policy->keys[i];
	const struct key *key = server->table->keys[i];
	const struct meter *meter = meter_find(&server->meters, "", policy->label);
	enum keeper_kind kind = key ? (enum keeper_kind)key->info.kind : KEEPER_KIND_NONE;

	if (!meter)
		meter = &none;
	fprintf(out, "%-24s %-8s %-10s ", policy->label,
		policy->store == STORE_FILE ? "file" : "pkcs11",
		!key				? "revoked"
		: kind == KEEPER_KIND_SYMMETRIC ? policy->alg->cli_name
						: kind_name(kind));
	put_use(out, policy->use);
	fprintf(out,
		" opened=%" PRIu64 " done=%" PRIu64 " failed=%" PRIu64 " refused=%" PRIu64
		" limited=%" PRIu64 "\n",
		meter->opened, meter->done, meter->failed, meter->refused, meter->limited);
}

char *report_keys(const struct server *server, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	unsigned int n = server->table->policy ? server->table->policy->key_count : 0;

	if (!out)
		return NULL;
	for (unsigned int i = 0; i < n; i++)
		put_key(server, i, out);
	return fclose(out) ? NULL : text;
}

/** struct family - one counter of the meters, as Prometheus has it. */
struct family {
	const char *name;
	const char *help;
	size_t offset;
};

static const struct family families[] = {
    {"opened", "Times that a VM opened a key.", offsetof(struct meter, opened)},
    {"operations", "Operations with a result.", offsetof(struct meter, done)},
    {"failures", "Operations that the store failed.", offsetof(struct meter, failed)},
    {"refusals", "Requests that the policy forbade.", offsetof(struct meter, refused)},
    {"limited", "Operations that the key's rate delayed or refused.",
     offsetof(struct meter, limited)},
    {"repeated", "Answers that were given again.", offsetof(struct meter, repeated)},
};

struct seeing {
	FILE *out;
	const struct family *family;
};

static void put_meter(void *arg, const struct meter *meter)
{
	const struct seeing *seeing = arg;
	uint64_t value;

	if (!meter->vm[0])
		return;
	memcpy(&value, (const char *)meter + seeing->family->offset, sizeof(value));
	fprintf(seeing->out, "vcrypto_keeper_%s_total{vm=\"", seeing->family->name);
	escape_label(meter->vm, seeing->out);
	fprintf(seeing->out, "\",key=\"%s\"} %" PRIu64 "\n", meter->label, value);
}

static void put_value(FILE *out, const char *name, const char *type, const char *help,
		      uint64_t value)
{
	fprintf(out,
		"# HELP vcrypto_keeper_%s %s\n# TYPE vcrypto_keeper_%s %s\n"
		"vcrypto_keeper_%s %" PRIu64 "\n",
		name, help, name, type, name, value);
}

static void put_modules(const struct server *server, FILE *out)
{
	const struct module *m;

	fputs("# HELP vcrypto_keeper_module_up Whether the process of a PKCS#11 module runs.\n"
	      "# TYPE vcrypto_keeper_module_up gauge\n",
	      out);
	for (m = server->modules.list; m; m = m->next)
		fprintf(out, "vcrypto_keeper_module_up{module=\"%u\"} %d\n", m->id, m->fd >= 0);
	fputs("# HELP vcrypto_keeper_module_failures_total Times that it died or hung.\n"
	      "# TYPE vcrypto_keeper_module_failures_total counter\n",
	      out);
	for (m = server->modules.list; m; m = m->next)
		fprintf(out, "vcrypto_keeper_module_failures_total{module=\"%u\"} %" PRIu64 "\n",
			m->id, m->failures);
}

char *report_metrics(const struct server *server, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	fputs("# HELP vcrypto_keeper_info Version of the program.\n"
	      "# TYPE vcrypto_keeper_info gauge\n"
	      "vcrypto_keeper_info{version=\"" VCD_VERSION "\"} 1\n",
	      out);
	put_value(out, "up_seconds", "gauge", "Since the server was started.",
		  (now_ns() - server->begun) / 1000000000u);
	put_value(out, "connections", "gauge", "Clients that are connected.", server->peer_count);
	put_value(out, "outstanding", "gauge", "Operations that are not answered yet.",
		  server->tasks);
	put_value(out, "keys", "gauge", "Keys of the policy in force.",
		  server->table->policy ? server->table->policy->key_count : 0);
	put_value(out, "reloads_total", "counter", "Policies that were put in force.",
		  server->reloads);
	put_value(out, "unknown_keys_total", "counter",
		  "Requests for keys that are not there for the VM, or with a wrong ticket.",
		  server->refused);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct seeing seeing = {out, &families[i]};

		fprintf(out,
			"# HELP vcrypto_keeper_%s_total %s\n"
			"# TYPE vcrypto_keeper_%s_total counter\n",
			families[i].name, families[i].help, families[i].name);
		meters_each(&server->meters, put_meter, &seeing);
	}
	put_modules(server, out);
	return fclose(out) ? NULL : text;
}
