/* SPDX-License-Identifier: GPL-2.0-or-later */
/* measure.c - which measures of the sandbox are in force. See measure.h. */
#include "daemon/confine/measure.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"

static const char *const measure_names[MEASURE_COUNT] = {
    [MEASURE_DESCRIPTORS] = "inherited descriptors closed",
    [MEASURE_NO_CORE] = "no core dumps",
    [MEASURE_USER] = "unprivileged user",
    [MEASURE_USER_NS] = "user namespace",
    [MEASURE_MOUNT_NS] = "mount namespace",
    [MEASURE_NET_NS] = "network namespace",
    [MEASURE_IPC_NS] = "IPC namespace",
    [MEASURE_UTS_NS] = "UTS namespace",
    [MEASURE_PID_NS] = "PID namespace",
    [MEASURE_EMPTY_ROOT] = "empty root directory",
    [MEASURE_NO_CAPS] = "no capabilities",
    [MEASURE_NO_NEW_PRIVS] = "no new privileges",
    [MEASURE_NOT_DUMPABLE] = "not traceable",
    [MEASURE_LANDLOCK] = "Landlock",
    [MEASURE_LIMITS] = "limits",
    [MEASURE_SECCOMP] = "seccomp",
};

int measure_taken(struct sandbox *sandbox, enum measure measure)
{
	sandbox->done |= 1u << measure;
	return 0;
}

int measure_lacking(struct sandbox *sandbox, enum measure measure, int err)
{
	bool strict = sandbox->mode == SANDBOX_STRICT;

	log_msg(strict ? LOG_ERROR : LOG_WARN, "sandbox: without \"%s\": %s%s",
		measure_names[measure], strerror(-err),
		strict ? "; --sandbox=auto goes on without" : "");
	return strict ? err : 0;
}

int measure_result(struct sandbox *sandbox, enum measure measure, int err)
{
	return err ? measure_lacking(sandbox, measure, err) : measure_taken(sandbox, measure);
}

void sandbox_report(const struct sandbox *sandbox)
{
	char text[400] = "";
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < MEASURE_COUNT; i++)
		if (sandbox->done & (1u << i))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						len ? ", " : "", measure_names[i]);
	log_msg(LOG_INFO, "sandbox: %s", len ? text : "none");
}
