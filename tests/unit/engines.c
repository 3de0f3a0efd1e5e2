/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engines.c - the engines that every test of engine behaviour runs on. */
#include "tests/unit/engines.h"

#include <errno.h>

#include "tests/unit/fake_cryptodev.h"
#include "tests/unit/unit.h"

struct engine *engines_current;

static int open_by_name(const char *name)
{
	print_message("engine %s\n", name);
	return eng_open(name, ENGINES_WORKERS, &engines_current);
}

int engines_openssl(void **state)
{
	return open_by_name("openssl");
}

int engines_ipsecmb(void **state)
{
	return open_by_name("ipsec-mb");
}

int engines_auto(void **state)
{
	return open_by_name("auto");
}

int engines_cryptodev(void **state)
{
	print_message("engine cryptodev\n");
	fake = (struct fake_control){0};
	return eng_cryptodev_open_with("/fake", ENGINES_WORKERS, &fake_cryptodev, &engines_current);
}

bool engines_have_ipsecmb(void)
{
	struct engine *engine;
	int err = eng_open("ipsec-mb", 1, &engine);

	if (!err)
		eng_close(engine);
	else
		print_message("SKIPPED: engines ipsec-mb and auto: %s\n",
			      err == -ENODEV ? "no library, or a CPU without what it needs"
					     : "it cannot be opened");
	/* Any other error is for the tests to fail with. */
	return err != -ENODEV;
}

int engines_close(void **state)
{
	engines_current = eng_close(engines_current);
	assert_int_equal(fake.sessions, 0);
	assert_int_equal(fake.files, 0);
	return 0;
}
