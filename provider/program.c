/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.c - which programs leave the device alone.
 *
 * A program that confines itself by seccomp after it has loaded the provider
 * may be killed for a call to the device; sshd is such a one. Nothing tells the
 * provider about the filter, so `except' and `only' name programs. A program
 * has two names, that of its file and the one it was called by: either counts.
 */
#include "provider/provider.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define CD_SEPARATORS " ,\t"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

void cd_program_name(char *name)
{
    static const char deleted[] = " (deleted)";
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    size_t len;

    if (n <= 0) {
        OPENSSL_strlcpy(name, base_name(program_invocation_name), CD_NAME_LEN);
        return;
    }
    path[n] = '\0';
    OPENSSL_strlcpy(name, base_name(path), CD_NAME_LEN);
    /* Its package was upgraded while it runs. */
    len = strlen(name);
    if (len >= sizeof(deleted)
        && strcmp(name + len - (sizeof(deleted) - 1), deleted) == 0)
        name[len - (sizeof(deleted) - 1)] = '\0';
}

/* Whether one of the words of @list is a pattern for one of the names. */
static bool named(const char *list, const char *file, const char *called)
{
    char word[CD_NAME_LEN];
    size_t len;

    for (list += strspn(list, CD_SEPARATORS); *list != '\0';
         list += len, list += strspn(list, CD_SEPARATORS)) {
        len = strcspn(list, CD_SEPARATORS);
        if (len >= sizeof(word))
            continue;
        memcpy(word, list, len);
        word[len] = '\0';
        if (fnmatch(word, file, 0) == 0 || fnmatch(word, called, 0) == 0)
            return true;
    }
    return false;
}

bool cd_program_excluded(const CD_CONFIG *config)
{
    const char *called = base_name(program_invocation_name);
    char file[CD_NAME_LEN];

    cd_program_name(file);
    return named(config->except, file, called)
           || (config->only != NULL && !named(config->only, file, called));
}
