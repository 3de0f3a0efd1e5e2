// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypto_list.c - scatter lists of the crypto API, cut to what the device is to have.
 *
 * The crypto API's lists may be longer than the data, and an AEAD's have more in them
 * than the device reads or writes. The virtqueue takes a list as a whole. So a part of a
 * list is copied to a short list in the request's memory; a long one that is as long as
 * the data goes as it is; what is neither goes to the fallback.
 */
#include <linux/minmax.h>
#include <linux/mm.h>

#include "driver.h"

/**
 * vcd_list_add() - append a part of a scatter list
 * @list: of the request; zeroed at first
 * @sg: list, which may be longer
 * @skip: bytes before the part
 * @len: bytes of the part
 * @max: most bytes of an entry
 *
 * Return: false: it has too many entries, or @sg is shorter.
 */
bool vcd_list_add(struct vcd_crypto_list *list, struct scatterlist *sg, u32 skip, u32 len,
		  u32 max)
{
	u32 some;

	if (!list->num)
		sg_init_table(list->sg, VCD_CRYPTO_SG);
	for (; sg && len; sg = sg_next(sg)) {
		if (skip >= sg->length) {
			skip -= sg->length;
			continue;
		}
		for (; skip < sg->length && len; skip += some) {
			if (list->num == VCD_CRYPTO_SG)
				return false;
			some = min3(sg->length - skip, len, max);
			sg_set_page(&list->sg[list->num++], sg_page(sg), some,
				    sg->offset + skip);
			len -= some;
		}
		skip = 0;
	}
	return !len;
}

/** vcd_list_end() - a list that is complete, for the core: NULL when it is empty */
struct scatterlist *vcd_list_end(struct vcd_crypto_list *list)
{
	if (!list->num)
		return NULL;
	sg_mark_end(&list->sg[list->num - 1]);
	return list->sg;
}

/**
 * vcd_list_whole() - a list that needs no cutting
 * @sg: list
 * @len: bytes it has to have, more than 0
 * @max: most bytes of an entry
 * @num: out: its entries
 *
 * Return: @sg, or NULL.
 */
struct scatterlist *vcd_list_whole(struct scatterlist *sg, u32 len, u32 max,
				   unsigned int *num)
{
	struct scatterlist *first = sg;

	for (*num = 0; sg; sg = sg_next(sg), ++*num) {
		if (!sg->length || sg->length > min(len, max))
			return NULL;
		len -= sg->length;
	}
	return len ? NULL : first;
}

/* Whether two entries have a byte in common. */
static bool vcd_sg_overlap(struct scatterlist *a, struct scatterlist *b)
{
	phys_addr_t p = sg_phys(a), q = sg_phys(b);

	return p < q + b->length && q < p + a->length;
}

/** vcd_list_overlap() - whether two lists, which may be NULL, have a byte in common */
bool vcd_list_overlap(struct scatterlist *a, struct scatterlist *b)
{
	struct scatterlist *with;

	for (; a; a = sg_next(a))
		for (with = b; with; with = sg_next(with))
			if (vcd_sg_overlap(a, with))
				return true;
	return false;
}
