/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - counters: who did the work.
 *
 * A program reads them with OSSL_PROVIDER_get_params(); a user who sets `stats'
 * gets a line of JSON when the provider is unloaded, which is at the end of the
 * process.
 */
#include "provider/provider.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add(atomic_uint_fast64_t *counter, uint_fast64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void cd_count_device(CD_PROV *prov, enum cd_class class, size_t bytes)
{
    add(&prov->counters.ops, 1);
    add(&prov->counters.bytes, bytes);
    add(&prov->counters.class_ops[class], 1);
}

void cd_count_soft(CD_PROV *prov, size_t bytes)
{
    add(&prov->counters.soft_ops, 1);
    add(&prov->counters.soft_bytes, bytes);
}

void cd_count_error(CD_PROV *prov)
{
    add(&prov->counters.errors, 1);
}

/* One write, so that the lines of processes that end together stay whole. */
void cd_stats_dump(CD_PROV *prov)
{
    const CD_COUNTERS *c = &prov->counters;
    const char *separator = "";
    char line[1024], *end = line + sizeof(line), *p = line;
    const char *status;
    int fd = STDERR_FILENO;

    if (prov->config.stats == NULL || *prov->config.stats == '\0')
        return;
    status = cd_status(prov, false);
    p += snprintf(p, (size_t)(end - p),
                  "{\"provider\":\"cryptodev\",\"pid\":%ld,\"status\":\"%s\","
                  "\"ops\":%" PRIuFAST64 ",\"bytes\":%" PRIuFAST64
                  ",\"soft-ops\":%" PRIuFAST64 ",\"soft-bytes\":%" PRIuFAST64
                  ",\"errors\":%" PRIuFAST64 ",\"classes\":{",
                  (long)getpid(), status, c->ops, c->bytes, c->soft_ops,
                  c->soft_bytes, c->errors);
    for (unsigned int i = 0; i < CD_CLASSES; i++)
        if (c->class_ops[i] != 0) {
            p += snprintf(p, (size_t)(end - p), "%s\"%s\":%" PRIuFAST64,
                          separator, cd_class_name((enum cd_class)i),
                          c->class_ops[i]);
            separator = ",";
        }
    p += snprintf(p, (size_t)(end - p), "}}\n");
    if (strcmp(prov->config.stats, "stderr") != 0)
        fd = open(prov->config.stats, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                  0644);
    /* There is nobody left to tell of a failure. */
    if (fd < 0 || write(fd, line, (size_t)(p - line)) < 0)
        return;
    if (fd != STDERR_FILENO)
        close(fd);
}
