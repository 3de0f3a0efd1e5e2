// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alg.c - what the driver has to know of each algorithm.
 *
 * Only sizes: the block that data lengths are a multiple of, the IV that a
 * program gives, the digest. The device judges key lengths and everything else.
 */
#include <linux/kernel.h>

#include "algorithms.h"
#include "driver.h"

#define VCD_CIPHER(id, kernel, name, block, iv, ...) { (id), (block), (iv), 0 },
#define VCD_HASH(id, kernel, name, digest) { (id), 1, 0, (digest) },
#define VCD_MAC(id, kernel, name, digest, ...) { (id), 1, 0, (digest) },
#define VCD_AEAD(id, kernel, name, nonce, iv, tag, ...) { (id), 1, (iv), (tag) },

static const struct vcd_alg vcd_ciphers[] = {
	VCD_ALGORITHMS(VCD_CIPHER, VCD_NO_ALGORITHM, VCD_NO_ALGORITHM,
		       VCD_NO_ALGORITHM)
};

static const struct vcd_alg vcd_aeads[] = {
	VCD_ALGORITHMS(VCD_NO_ALGORITHM, VCD_NO_ALGORITHM, VCD_NO_ALGORITHM,
		       VCD_AEAD)
};

static const struct vcd_alg vcd_hashes[] = {
	VCD_ALGORITHMS(VCD_NO_ALGORITHM, VCD_HASH, VCD_NO_ALGORITHM,
		       VCD_NO_ALGORITHM)
};

static const struct vcd_alg vcd_macs[] = {
	VCD_ALGORITHMS(VCD_NO_ALGORITHM, VCD_NO_ALGORITHM, VCD_MAC,
		       VCD_NO_ALGORITHM)
};

static const struct vcd_alg *vcd_alg_find(const struct vcd_alg *algs, size_t num,
					  u32 id)
{
	size_t i;

	for (i = 0; i < num; i++)
		if (algs[i].id == id)
			return &algs[i];
	return NULL;
}

/** vcd_cipher_find() - cipher number @id, or NULL */
const struct vcd_alg *vcd_cipher_find(u32 id)
{
	return vcd_alg_find(vcd_ciphers, ARRAY_SIZE(vcd_ciphers), id);
}

/** vcd_aead_find() - AEAD number @id, or NULL */
const struct vcd_alg *vcd_aead_find(u32 id)
{
	return vcd_alg_find(vcd_aeads, ARRAY_SIZE(vcd_aeads), id);
}

/** vcd_mac_find() - hash or MAC number @id, or NULL */
const struct vcd_alg *vcd_mac_find(u32 id)
{
	const struct vcd_alg *mac;

	mac = vcd_alg_find(vcd_macs, ARRAY_SIZE(vcd_macs), id);
	return mac ? mac : vcd_alg_find(vcd_hashes, ARRAY_SIZE(vcd_hashes), id);
}

/** vcd_is_aead() - whether @alg, which may be NULL, is an AEAD */
bool vcd_is_aead(const struct vcd_alg *alg)
{
	return alg && alg >= vcd_aeads && alg < vcd_aeads + ARRAY_SIZE(vcd_aeads);
}

/** vcd_mac_is_keyed() - whether @alg is a MAC, not a hash */
bool vcd_mac_is_keyed(const struct vcd_alg *alg)
{
	return alg >= vcd_macs && alg < vcd_macs + ARRAY_SIZE(vcd_macs);
}
