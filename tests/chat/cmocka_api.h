/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka_api.h - cmocka.h with the headers it wants before it. */
#ifndef TEST_CHAT_CMOCKA_API_H
#define TEST_CHAT_CMOCKA_API_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif /* TEST_CHAT_CMOCKA_API_H */
