// SPDX-License-Identifier: GPL-2.0-or-later
/* address_options.c - options of both programs that say where to listen and whom to call. */
#include "apps/base/address_options.h"

#include <sys/socket.h>

enum cli_result option_parse_port(struct cli_state *state, const char *text, bool any,
				  uint16_t *ret)
{
	unsigned long port;

	if (!cli_parse_number(text, !any, UINT16_MAX, &port))
		return cli_bad(state, "port \"%s\" is not a number from %d to 65535", text, !any);
	*ret = (uint16_t)port;
	return CLI_RUN;
}

enum cli_result option_port(struct cli_state *state, const struct cli_option *option, char *text,
			    void *member)
{
	return option_parse_port(state, text, true, member);
}

enum cli_result option_family(struct cli_state *state, const struct cli_option *option, char *text,
			      void *member)
{
	int *family = member, wanted = option->letter == '4' ? AF_INET : AF_INET6;

	if (*family != AF_UNSPEC && *family != wanted)
		return cli_bad(state, "-4 and -6 exclude each other");
	*family = wanted;
	return CLI_RUN;
}
