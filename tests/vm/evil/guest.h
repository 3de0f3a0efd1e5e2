/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.h - what the files of cryptodev-evil share. See guest.c.
 */
#ifndef TESTS_VM_EVIL_GUEST_H
#define TESTS_VM_EVIL_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "kinds.h"
#include "tests/vm/guest/dev.h"

/* Long enough for an honest answer on a busy machine, short enough to wait for often. */
#define TIMEOUT_MS 1500
#define TIMEOUT_PARAMETER "1500"
#define MODULE_ARGS "timeout_ms=" TIMEOUT_PARAMETER

/* The module's file. */
extern int module;

/* Cases of many kinds: a line for all of them. */
extern bool quiet;

/**
 * verdict - count a case, and say how it went.
 * @name: of the case
 * @detail: of the case, or ""
 * @problem: NULL: there is none
 */
void verdict(const char *name, const char *detail, const char *problem);

/** group - say how many cases of @name there were since the last group. */
void group(const char *name);

/** seconds - a clock. */
double seconds(void);

/** order - an order of @what with its argument. */
struct evil_order order(uint32_t what, uint32_t arg);

/** must_open - the device, or the program ends. */
int must_open(void);

/** tell - give an order that is executed when its session is made. */
void tell(int fd, uint32_t what, uint32_t arg);

/** works - whether an honest call succeeds. */
bool works(int fd);

/** set_parameter - set a parameter of the module that is loaded. */
void set_parameter(const char *name, const char *value);

/** load - load the module. Return: 0 or negative errno. */
int load(const char *args);

/** unload - unload it, waiting for what still uses it. Return: 0 or negative errno. */
int unload(void);

/* Groups of cases that leave the device in order: replies.c, */
void bad_replies(int fd);
void bad_creation(int fd);
void lost_on_the_way(int fd);

/* timing.c, */
void late_answers(int fd);
void reordered(int fd);
void flooded(int fd);
void flooded_with_copies(int fd);
void ended_in_silence(int fd);

/* waiting.c, */
void polled_while_waiting(int fd);
void pages_are_held(int fd);

/* keys.c, */
void keys_by_name(int fd);

/* loading.c. */
void config_changes(int fd);

/* Groups that load the module again, loading.c. */
void bad_ring(void);
void probes(void);
void leave_in_silence(void);

/** hang_up - cases of a host that goes away; nothing works afterwards. */
void hang_up(void);

#endif
