/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * top.h - what a daemon is doing now, again and again.
 */
#ifndef VCD_CTL_TOP_H
#define VCD_CTL_TOP_H

#include <stdbool.h>

/** How long a daemon may be away before `top` gives up, ms. */
#define TOP_AWAY_MS 30000

/**
 * top_run - print rates from the daemon at @path.
 * @path: its control socket
 * @interval_ms: time between two looks
 * @rounds: lines, or screens; 0: until a signal ends the program
 * @screen: redraw one screen; otherwise a line for each look
 *
 * Its worker may die or be replaced, and the daemon be started anew, while we look: then
 * we connect again.
 *
 * Return: 0 or what client_connect() or client_ask() returned.
 */
int top_run(const char *path, unsigned int interval_ms, unsigned int rounds, bool screen);

#endif /* VCD_CTL_TOP_H */
