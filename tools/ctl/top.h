/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * top.h - what a daemon is doing now, again and again.
 */
#ifndef VCD_CTL_TOP_H
#define VCD_CTL_TOP_H

#include <stdbool.h>

/**
 * top_run - print rates from the daemon behind @fd.
 * @fd: of client_connect()
 * @interval_ms: time between two looks
 * @rounds: lines, or screens; 0: until a signal ends the program
 * @screen: redraw one screen; otherwise a line for each look
 *
 * Return: 0 or what client_ask() returned.
 */
int top_run(int fd, unsigned int interval_ms, unsigned int rounds, bool screen);

#endif /* VCD_CTL_TOP_H */
