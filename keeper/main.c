/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - vcrypto-keeper: loader, server or the process of a module. */
#include "common/log.h"
#include "common/util.h"
#include "keeper/loader.h"
#include "keeper/loop.h"
#include "keeper/p11.h"
#include "keeper/spawn.h"

static int run_server(const struct options *o)
{
	struct sandbox sandbox = {
	    .mode = o->sandbox,
	    .seccomp = o->seccomp,
	    .own_user_ns = o->namespaces & SPAWN_USER_NS,
	    .own_user_err = o->namespaces_err,
	};

	if (o->namespaces & SPAWN_PID_NS)
		measure_taken(&sandbox, MEASURE_PID_NS);
	return serve(o->server, &sandbox, (uid_t)o->owner, o->threads);
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	log_set_name("vcrypto-keeper");
	log_open();
	status = options_parse(argc, argv, &options);
	if (status != OPTIONS_RUN)
		return status;
	log_set_level(options.level);
	if (options.server >= 0)
		return run_server(&options) ? STATUS_FAILURE : STATUS_OK;
	if (options.module >= 0)
		return p11_serve(options.module);
	if (options.check_policy)
		return loader_check(&options) ? STATUS_OK : STATUS_FAILURE;
	return loader_run(&options) ? STATUS_FAILURE : STATUS_OK;
}
