/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engines.c - the engines that every test of engine behaviour runs on. */
#include "tests/unit/engines.h"

#include "tests/unit/fake_cryptodev.h"
#include "tests/unit/unit.h"

struct vcd_engine *engines_current;

int engines_openssl(void **state)
{
	print_message("engine openssl\n");
	return vcd_engine_open("openssl", ENGINES_WORKERS, &engines_current);
}

int engines_cryptodev(void **state)
{
	print_message("engine cryptodev\n");
	fake = (struct fake_control){0};
	return vcd_cryptodev_open_with("/fake", ENGINES_WORKERS, &fake_cryptodev, &engines_current);
}

int engines_close(void **state)
{
	engines_current = vcd_engine_close(engines_current);
	assert_int_equal(fake.sessions, 0);
	assert_int_equal(fake.files, 0);
	return 0;
}
