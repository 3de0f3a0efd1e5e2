/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash.h - places at which a test build of the daemon dies when told to.
 *
 * In the daemon that is installed there is nothing of it.
 */
#ifndef VCD_DAEMON_RECOVERY_CRASH_H
#define VCD_DAEMON_RECOVERY_CRASH_H

/**
 * enum crash_place - where.
 * @CRASH_SAVED: input is saved, the record not yet in force
 * @CRASH_EXECUTE: the record is in force, nothing was executed
 * @CRASH_EXECUTED: the batch was executed, used entries are not written
 * @CRASH_USED: used entries are written, the batch is not finished
 * @CRASH_FINISHED: it is finished, the used index is not stored
 * @CRASH_PUBLISHED: the used index is stored, the driver was not signalled
 * @CRASH_RECOVERED: recovery put saved input back, the record is still in force
 * @CRASH_RESUMED: a new worker has been told to go on
 */
enum crash_place {
	CRASH_SAVED,
	CRASH_EXECUTE,
	CRASH_EXECUTED,
	CRASH_USED,
	CRASH_FINISHED,
	CRASH_PUBLISHED,
	CRASH_RECOVERED,
	CRASH_RESUMED,
};

#ifdef VCD_CRASH_POINTS
/** crash_point - die here, if $VCD_CRASH says so; see tests/wire/crash.c. */
void crash_point(enum crash_place place);
#else
static inline void crash_point(enum crash_place place)
{
	(void)place;
}
#endif

#endif /* VCD_DAEMON_RECOVERY_CRASH_H */
