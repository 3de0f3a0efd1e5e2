/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - counters of device and software.
 *
 * They are counted twice: for each loaded provider, which is a library context,
 * and for the process. A program reads both with OSSL_PROVIDER_get_params(); a
 * user who sets `stats' gets a line of JSON for each provider that is unloaded,
 * at the end of the process. A child begins at zero, so lines of all processes
 * can be summed up.
 */
#include "provider/provider.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provider/file.h"

CD_COUNTERS cd_process_counters;

/* Of all loaded providers; under cd_lock. */
static CD_COUNTERS *all;

void cd_counters_add(CD_COUNTERS *counters)
{
    pthread_mutex_lock(&cd_lock);
    counters->next = all;
    all = counters;
    pthread_mutex_unlock(&cd_lock);
}

void cd_counters_remove(CD_COUNTERS *counters)
{
    CD_COUNTERS **link = &all;

    pthread_mutex_lock(&cd_lock);
    while (*link != NULL && *link != counters)
        link = &(*link)->next;
    if (*link != NULL)
        *link = counters->next;
    pthread_mutex_unlock(&cd_lock);
}

static void zero(CD_COUNTERS *c)
{
    c->ops = c->bytes = c->soft_ops = c->soft_bytes = c->errors = 0;
    for (unsigned int i = 0; i < CD_CLASSES; i++)
        c->class_ops[i] = 0;
}

void cd_counters_forked(void)
{
    zero(&cd_process_counters);
    for (CD_COUNTERS *c = all; c != NULL; c = c->next)
        zero(c);
}

static void add(atomic_uint_fast64_t *counter, uint_fast64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void cd_count_device(CD_PROV *prov, enum cd_class class, size_t bytes)
{
    add(&prov->counters.ops, 1);
    add(&prov->counters.bytes, bytes);
    add(&prov->counters.class_ops[class], 1);
    add(&cd_process_counters.ops, 1);
    add(&cd_process_counters.bytes, bytes);
}

void cd_count_soft(CD_PROV *prov, size_t bytes)
{
    add(&prov->counters.soft_ops, 1);
    add(&prov->counters.soft_bytes, bytes);
    add(&cd_process_counters.soft_ops, 1);
    add(&cd_process_counters.soft_bytes, bytes);
}

void cd_count_error(CD_PROV *prov)
{
    add(&prov->counters.errors, 1);
    add(&cd_process_counters.errors, 1);
}

/* The path that `stats' names, with "%u" for the user and "%p" for the process.
 */
static void expand(const char *pattern, char *path, size_t size)
{
    size_t len = 0;

    path[0] = '\0';
    for (; *pattern != '\0' && len + 1 < size; pattern++) {
        if (pattern[0] == '%' && (pattern[1] == 'u' || pattern[1] == 'p')) {
            pattern++;
            snprintf(path + len, size - len, "%ld",
                     *pattern == 'u' ? (long)geteuid() : (long)getpid());
            len += strlen(path + len);
        } else {
            path[len++] = *pattern;
            path[len] = '\0';
        }
    }
}

/* A link of another user is not followed; a new file belongs to the user. */
static int open_file(const char *pattern)
{
    char path[512];

    expand(pattern, path, sizeof(path));
    return open(path,
                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW
                    | O_NONBLOCK,
                0600);
}

/* A name of a file as JSON takes it. */
static void plain(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\')
            *text = '?';
}

/* One write, so that the lines of processes that end together stay whole. */
void cd_stats_dump(CD_PROV *prov)
{
    const CD_COUNTERS *c = &prov->counters;
    const char *separator = "";
    char line[2048], *end = line + sizeof(line), *p = line;
    char program[CD_NAME_LEN], exe[256];
    const char *status;
    int fd = STDERR_FILENO;
    ssize_t n;

    if (prov->config.stats == NULL || *prov->config.stats == '\0')
        return;
    status = cd_status(prov, false);
    n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = '\0';
    plain(exe);
    OPENSSL_strlcpy(program, program_invocation_short_name, sizeof(program));
    plain(program);
    p += snprintf(p, (size_t)(end - p),
                  "{\"provider\":\"cryptodev\",\"pid\":%ld,"
                  "\"program\":\"%s\",\"exe\":\"%s\",\"status\":\"%s\","
                  "\"ops\":%" PRIuFAST64 ",\"bytes\":%" PRIuFAST64
                  ",\"soft-ops\":%" PRIuFAST64 ",\"soft-bytes\":%" PRIuFAST64
                  ",\"errors\":%" PRIuFAST64 ",\"classes\":{",
                  (long)getpid(), program, exe, status, c->ops, c->bytes,
                  c->soft_ops, c->soft_bytes, c->errors);
    for (unsigned int i = 0; i < CD_CLASSES; i++)
        if (c->class_ops[i] != 0) {
            p += snprintf(p, (size_t)(end - p), "%s\"%s\":%" PRIuFAST64,
                          separator, cd_class_name((enum cd_class)i),
                          c->class_ops[i]);
            separator = ",";
        }
    p += snprintf(p, (size_t)(end - p), "}}\n");
    if (strcmp(prov->config.stats, "stderr") != 0)
        fd = open_file(prov->config.stats);
    /* At the end of the process a failure cannot be reported. */
    if (fd < 0 || write(fd, line, (size_t)(p - line)) < 0)
        return;
    if (fd != STDERR_FILENO)
        close(fd);
}
