/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operation.h - what a program asks of a session: one operation, and the requests it is cut into.
 *
 * See crypt.c, batch.c, async.c, auth.c, label.c, keyop.c and transfer.c.
 */
#ifndef VCD_GUEST_OPERATION_H
#define VCD_GUEST_OPERATION_H

#include <linux/poll.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "cryptodev.h"
#include "wire.h"

struct vcd_device;
struct vcd_file;
struct vcd_queue;
struct vcd_call;
struct vcd_session;

/* Operations of a CIOCCRYPTBATCH that are in flight at one time. */
#define VCD_BATCH_WINDOW	64u

/* How the data of a request travels, see transfer.c. */
enum vcd_xfer_how {
	VCD_XFER_BESIDE,
	VCD_XFER_PINNED,
	VCD_XFER_COPIED,
};

/**
 * struct vcd_xfer - one request's worth of an operation
 * @session: session
 * @hdr: header, without the session id
 * @head: user bytes that go first, copied: AAD
 * @head_len: how many
 * @src: user bytes in
 * @src_len: how many
 * @in_tail: kernel bytes that go last
 * @in_tail_len: how many
 * @dst: where the output goes
 * @dst_len: room there, all of it output
 * @tail: where output behind @dst_len bytes goes: digest or tag
 * @tail_len: bytes of it
 * @short_ok: the output may be shorter than @dst_len
 * @copy: do not pin the caller's pages
 * @zero_copy: the device may write to the caller's pages
 * @locked: the caller holds a lock
 * @then: queued when it is done; NULL: a task waits
 * @how: how the data travels
 * @call: the request, while there is one
 * @out_len: out: bytes of output
 * @iv: out: IV that continues
 */
struct vcd_xfer {
	struct vcd_session *session;
	struct vcd_req hdr;
	const u8 __user *head;
	u32 head_len;
	const u8 __user *src;
	u32 src_len;
	const u8 *in_tail;
	u32 in_tail_len;
	u8 __user *dst;
	u32 dst_len;
	u8 *tail;
	u32 tail_len;
	bool short_ok;
	bool copy;
	bool zero_copy;
	bool locked;
	struct work_struct *then;
	enum vcd_xfer_how how;
	struct vcd_call *call;
	u32 out_len;
	u8 iv[VCD_MAX_IV_LEN];
};

/**
 * struct vcd_op - a CIOCCRYPT being carried out
 * @session: session, referenced
 * @op: what the program asked for
 * @xfer: its request, when it is a single one
 * @iv: running IV
 * @digest: digest, when @final
 * @iv_len: bytes of IV
 * @digest_len: bytes of digest
 * @chained: goes on with the session's IV
 * @reset: the hash starts anew
 * @final: the digest is due
 */
struct vcd_op {
	struct vcd_session *session;
	struct crypt_op op;
	struct vcd_xfer xfer;
	u8 iv[VCD_MAX_IV_LEN];
	u8 digest[VCD_MAX_DIGEST_LEN];
	u8 iv_len;
	u8 digest_len;
	bool chained;
	bool reset;
	bool final;
};

/* Copies crypt_op number @i of the program's array, native or 32-bit. */
typedef int vcd_op_reader(struct crypt_op *op, const void __user *array, u32 i);

/* crypt.c */
int vcd_crypt(struct vcd_file *file, const struct crypt_op *op);
int vcd_hash_copy(struct vcd_file *file, const struct cphash_op *op);

int vcd_op_begin(struct vcd_op *run, struct vcd_queue *queue, bool more);
void vcd_op_leave_iv(struct vcd_op *run);
int vcd_op_end(struct vcd_op *run);
bool vcd_op_is_alone(const struct vcd_op *run);
bool vcd_op_is_nothing(const struct vcd_op *run);
int vcd_op_deliver(struct vcd_op *run);
int vcd_op_init(struct vcd_op *run, struct vcd_file *file,
		const struct crypt_op *op);
int vcd_op_run(struct vcd_op *run);
void vcd_op_exit(struct vcd_op *run);

/* batch.c */
int vcd_batch(struct vcd_file *file, const struct crypt_batch *batch,
	      vcd_op_reader *read);

/* async.c */
void vcd_async_init(struct vcd_file *file);
void vcd_async_exit(struct vcd_file *file);
int vcd_async_submit(struct vcd_file *file, const struct crypt_op *op);
int vcd_async_fetch(struct vcd_file *file, struct crypt_op *op);
__poll_t vcd_async_poll(struct vcd_file *file, struct file *filp,
			poll_table *wait);

/* auth.c */
int vcd_auth(struct vcd_file *file, struct crypt_auth_op *op);

/* label.c */
long vcd_label_ioctl(struct vcd_file *file, unsigned int cmd, void __user *arg);

/* keyop.c */
int vcd_keyop(struct vcd_file *file, struct crypt_key_op *op);
int vcd_keyop_submit(struct vcd_file *file, const struct crypt_key_op *op);
int vcd_keyop_fetch(struct vcd_file *file, struct crypt_key_fetch __user *arg);
void vcd_keyop_exit(struct vcd_file *file);

/* transfer.c */
u32 vcd_xfer_max(const struct vcd_session *session);
bool vcd_xfer_fits(const struct vcd_xfer *xfer);
int vcd_xfer_begin(struct vcd_xfer *xfer, struct vcd_queue *queue, bool more);
int vcd_xfer_end(struct vcd_xfer *xfer);
int vcd_xfer_run(struct vcd_xfer *xfer);

#endif /* VCD_GUEST_OPERATION_H */
