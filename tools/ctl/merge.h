/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge.h - the metrics of several daemons as one page.
 *
 * A page in Prometheus' text format names a family of metrics once, with the samples of
 * all VMs below it; one malformed or repeated line makes its reader refuse all of it.
 * So nothing of an answer is passed on that was not understood: an answer is taken as
 * a whole or not at all, and whose samples they are is said by us. A worker that a guest
 * has taken over can lie about its own VM and nothing else.
 */
#ifndef VCD_CTL_MERGE_H
#define VCD_CTL_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** Most samples of one VM, and most families that only it has. */
#define MERGE_SAMPLES 1024
#define MERGE_FAMILIES 64

/** Longest line of an answer, with its end. */
#define MERGE_LINE 512

/**
 * struct merge_family - the samples of one name.
 * @name: what all of them are called, or begin with
 * @help: what it is
 * @samples: lines, of all VMs so far
 * @len: bytes of them
 */
struct merge_family {
	char *name;
	char *help;
	char *samples;
	size_t len;
};

/** struct merge - a page in the making: @count @families; begins as zeros. */
struct merge {
	struct merge_family *families;
	size_t count;
};

/**
 * merge_add - add a VM's answer to `metrics`.
 * @merge: page
 * @vm: the VM's name, which becomes the label vm, in place of one that the answer has
 * @text: the answer, 0-terminated
 *
 * Return: 0; -EPROTO: it is no such page, nothing of it was taken; -ENOMEM.
 */
int merge_add(struct merge *merge, const char *vm, const char *text);

/** merge_print - write the page. */
void merge_print(const struct merge *merge, FILE *out);

/** merge_free - free what it holds. */
void merge_free(struct merge *merge);

#endif /* VCD_CTL_MERGE_H */
