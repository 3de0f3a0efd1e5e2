/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address_options.h - options of both programs that say where to listen and whom to call. */
#ifndef APPS_BASE_ADDRESS_OPTIONS_H
#define APPS_BASE_ADDRESS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cli.h"

/**
 * option_parse_port - read a port.
 * @state: for the complaint
 * @text: digits
 * @any: whether 0 is allowed: any free port
 * @ret: out: the port
 */
enum cli_result option_parse_port(struct cli_state *state, const char *text, bool any,
				  uint16_t *ret);

/** The member is a uint16_t: a port, or 0. */
cli_setter option_port;
/** The member is an int: AF_INET for -4, AF_INET6 for -6; not both. */
cli_setter option_family;

#endif /* APPS_BASE_ADDRESS_OPTIONS_H */
