// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * buffer.c - payloads that are too large to copy beside the header.
 *
 * Input: the caller's own pages, pinned, where that is possible; the device reads
 * them directly. Else (memory that cannot be pinned, COP_FLAG_NO_ZC) pages of ours.
 *
 * Output: pages of ours, from which a task copies to the caller. The device can
 * hold a request for as long as it likes, and the caller leaves after timeout_ms
 * or when it is killed: what the device writes after that lands in pages that
 * nobody else uses. Only with COP_FLAG_ZERO_COPY does the device get the caller's
 * own pages to write to.
 *
 * A page that the device has is unpinned or freed when the device has given the
 * request back, whoever has left meanwhile.
 */
#include <linux/bitops.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

/* Pages of ours come in pieces of up to 64: few descriptors for the device. */
#define VCD_CHUNK_ORDER 6

/**
 * vcd_buffer_map() - make a buffer a scatter list for the device
 * @buf: buffer with its pages
 * @len: bytes, not 0
 * @max_segment: most bytes in one piece; with bounce buffers the device takes no larger
 *
 * Return: 0 or -ENOMEM; @buf is to be freed in either case.
 */
int vcd_buffer_map(struct vcd_buffer *buf, u32 len, unsigned int max_segment)
{
	return sg_alloc_table_from_pages_segment(&buf->sgt, buf->pages, buf->num,
						 buf->offset, len, max_segment,
						 GFP_KERNEL_ACCOUNT);
}

/**
 * vcd_buffer_pin_pages() - pin the caller's pages
 * @buf: zeroed buffer
 * @addr: user address
 * @len: bytes, not 0
 * @write: they will be written to
 *
 * Return: 0, -EFAULT when some page is not there, not writable, or cannot be
 * pinned, -ENOMEM. @buf is to be freed in either case.
 */
int vcd_buffer_pin_pages(struct vcd_buffer *buf, const u8 __user *addr, u32 len,
			 bool write)
{
	unsigned long start = (unsigned long)addr;
	unsigned int num = DIV_ROUND_UP(offset_in_page(start) + len, PAGE_SIZE);
	int got;

	buf->pages = kvmalloc_array(num, sizeof(*buf->pages),
				    GFP_KERNEL_ACCOUNT);
	if (!buf->pages)
		return -ENOMEM;
	buf->offset = offset_in_page(start);
	buf->pinned = true;
	buf->write = write;
	while (buf->num < num) {
		got = pin_user_pages_fast((start & PAGE_MASK) +
					  (unsigned long)buf->num * PAGE_SIZE,
					  num - buf->num,
					  write ? FOLL_WRITE : 0,
					  buf->pages + buf->num);
		/* Newer kernels say EOVERFLOW of an address that wraps. */
		if (got <= 0)
			return got == -ENOMEM ? -ENOMEM : -EFAULT;
		buf->num += got;
	}
	return 0;
}

/* Add at most @want pages that lie together, as many as there are without effort. */
static bool vcd_buffer_grow(struct vcd_buffer *buf, unsigned int want)
{
	unsigned int order = min_t(unsigned int, ilog2(want), VCD_CHUNK_ORDER);
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO;
	struct page *page;
	unsigned int i;

	do {
		page = alloc_pages(order ? gfp | __GFP_NORETRY | __GFP_NOWARN : gfp,
				   order);
	} while (!page && order--);
	if (!page)
		return false;
	/* Each is freed by itself. */
	split_page(page, order);
	for (i = 0; i < 1u << order; i++)
		buf->pages[buf->num++] = page + i;
	return true;
}

/** vcd_buffer_pieces() - least pieces that @num pages of our own come in */
unsigned int vcd_buffer_pieces(unsigned int num)
{
	return (num >> VCD_CHUNK_ORDER) +
	       hweight32(num & ((1u << VCD_CHUNK_ORDER) - 1));
}

/**
 * vcd_buffer_alloc() - make a buffer of our own pages
 * @buf: zeroed buffer
 * @len: bytes, not 0
 *
 * The pages lie together as far as memory allows. They are zeroed: a device that
 * claims to have written what it has not must not show old kernel memory to a
 * program.
 *
 * Return: 0 or -ENOMEM; @buf is to be freed in either case.
 */
int vcd_buffer_alloc(struct vcd_buffer *buf, u32 len)
{
	unsigned int num = DIV_ROUND_UP(len, PAGE_SIZE);

	buf->pages = kvmalloc_array(num, sizeof(*buf->pages),
				    GFP_KERNEL_ACCOUNT);
	if (!buf->pages)
		return -ENOMEM;
	while (buf->num < num)
		if (!vcd_buffer_grow(buf, num - buf->num))
			return -ENOMEM;
	return 0;
}

/** vcd_buffer_from_user() - fill part of a buffer of our own; 0 or -EFAULT */
int vcd_buffer_from_user(struct vcd_buffer *buf, u32 offset,
			 const u8 __user *addr, u32 len)
{
	while (len) {
		u32 at = offset_in_page(offset);
		u32 n = min_t(u32, len, PAGE_SIZE - at);
		unsigned long left;
		u8 *page = kmap_local_page(buf->pages[offset / PAGE_SIZE]);

		left = copy_from_user(page + at, addr, n);
		kunmap_local(page);
		if (left)
			return -EFAULT;
		offset += n;
		addr += n;
		len -= n;
	}
	return 0;
}

/** vcd_buffer_from_kernel() - fill part of any buffer from kernel memory */
void vcd_buffer_from_kernel(struct vcd_buffer *buf, u32 offset, const u8 *from,
			    u32 len)
{
	offset += buf->offset;
	while (len) {
		u32 at = offset_in_page(offset);
		u32 n = min_t(u32, len, PAGE_SIZE - at);

		memcpy_to_page(buf->pages[offset / PAGE_SIZE], at, from, n);
		offset += n;
		from += n;
		len -= n;
	}
}

/** vcd_buffer_copy() - fill @to, any buffer, from the start of one of our own */
void vcd_buffer_copy(struct vcd_buffer *to, const struct vcd_buffer *from,
		     u32 len)
{
	u32 done;

	for (done = 0; done < len; done += PAGE_SIZE) {
		u8 *page = kmap_local_page(from->pages[done / PAGE_SIZE]);

		vcd_buffer_from_kernel(to, done, page,
				       min_t(u32, len - done, PAGE_SIZE));
		kunmap_local(page);
	}
}

/** vcd_buffer_to_user() - give a buffer of our own to the caller; 0 or -EFAULT */
int vcd_buffer_to_user(const struct vcd_buffer *buf, u8 __user *addr, u32 len)
{
	unsigned int i;

	for (i = 0; len; i++) {
		u32 n = min_t(u32, len, PAGE_SIZE);
		unsigned long left;
		void *page = kmap_local_page(buf->pages[i]);

		left = copy_to_user(addr, page, n);
		kunmap_local(page);
		if (left)
			return -EFAULT;
		addr += n;
		len -= n;
	}
	return 0;
}

/** vcd_buffer_free() - free or unpin; a zeroed or half-made buffer is fine */
void vcd_buffer_free(struct vcd_buffer *buf)
{
	if (buf->sgt.sgl)
		sg_free_table(&buf->sgt);
	if (buf->pinned) {
		if (buf->write)
			unpin_user_pages_dirty_lock(buf->pages, buf->num, true);
		else
			unpin_user_pages(buf->pages, buf->num);
	} else {
		while (buf->num)
			__free_page(buf->pages[--buf->num]);
	}
	kvfree(buf->pages);
	memset(buf, 0, sizeof(*buf));
}
