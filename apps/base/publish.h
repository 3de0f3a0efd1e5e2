/* SPDX-License-Identifier: GPL-2.0-or-later */
/* publish.h - give a finished file its name, without ever replacing another one. */
#ifndef APPS_BASE_PUBLISH_H
#define APPS_BASE_PUBLISH_H

/**
 * publish() - rename @from to @to in the directory @dir, unless there is a @to
 *
 * Works on file systems without hard links, and on those that cannot rename without replacing.
 *
 * Return: 0; -EEXIST: there is a @to; or another negative errno. @from exists only if it failed.
 */
int publish(int dir, const char *from, const char *to);

#endif /* APPS_BASE_PUBLISH_H */
