/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz.h - the entry point that libFuzzer and replay.c call. */
#ifndef VCD_FUZZ_H
#define VCD_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* VCD_FUZZ_H */
