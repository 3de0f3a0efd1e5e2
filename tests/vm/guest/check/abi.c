/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * abi.c - the fixed numbers of the interface and what the node does beside
 * operations: unknown ioctls, read, write, seek, poll, CRIOGET.
 */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

/*
 * The header must not drift, whatever the sizes are computed from. A 32-bit
 * build has its own sizes for the structures with pointers.
 */
static void ioctl_numbers(void)
{
	expect(CRIOGET == 0xc0046365, "CRIOGET");
	expect(CIOCFSESSION == 0x40046367, "CIOCFSESSION");
	expect(CIOCASYMFEAT == 0x8004636a, "CIOCASYMFEAT");
	expect(CIOCGSESSINFO == 0xc10c636b, "CIOCGSESSINFO");
	expect(CIOCTIMEOUT == 0x400463a1, "CIOCTIMEOUT");
	expect(CIOCCPHASH == 0x40086370, "CIOCCPHASH");
	if (sizeof(void *) == 8) {
		expect(CIOCGSESSION == 0xc0306366, "CIOCGSESSION");
		expect(CIOCCRYPT == 0xc0306368, "CIOCCRYPT");
		expect(CIOCKEY == 0xc0906369, "CIOCKEY");
		expect(CIOCAUTHCRYPT == 0xc048636d, "CIOCAUTHCRYPT");
		expect(CIOCASYNCCRYPT == 0x4030636e, "CIOCASYNCCRYPT");
		expect(CIOCASYNCFETCH == 0x8030636f, "CIOCASYNCFETCH");
	} else {
		expect(CIOCGSESSION == 0xc01c6366, "CIOCGSESSION");
		expect(CIOCCRYPT == 0xc01c6368, "CIOCCRYPT");
	}
}

#define AT(type, field, offset) expect(offsetof(struct type, field) == (offset), #type "." #field)

static void layouts(void)
{
	AT(session_info_op, cipher_info, 4);
	AT(session_info_op, hash_info, 132);
	AT(session_info_op, alignmask, 260);
	AT(session_info_op, flags, 264);
	AT(cphash_op, dst_ses, 0);
	AT(cphash_op, src_ses, 4);
	if (sizeof(void *) != 8)
		return;
	AT(session_op, cipher, 0);
	AT(session_op, mac, 4);
	AT(session_op, keylen, 8);
	AT(session_op, key, 16);
	AT(session_op, mackeylen, 24);
	AT(session_op, mackey, 32);
	AT(session_op, ses, 40);
	AT(crypt_op, ses, 0);
	AT(crypt_op, op, 4);
	AT(crypt_op, flags, 6);
	AT(crypt_op, len, 8);
	AT(crypt_op, src, 16);
	AT(crypt_op, dst, 24);
	AT(crypt_op, mac, 32);
	AT(crypt_op, iv, 40);
	AT(crypt_auth_op, ses, 0);
	AT(crypt_auth_op, op, 4);
	AT(crypt_auth_op, flags, 6);
	AT(crypt_auth_op, len, 8);
	AT(crypt_auth_op, auth_len, 12);
	AT(crypt_auth_op, auth_src, 16);
	AT(crypt_auth_op, src, 24);
	AT(crypt_auth_op, dst, 32);
	AT(crypt_auth_op, tag, 40);
	AT(crypt_auth_op, tag_len, 48);
	AT(crypt_auth_op, iv, 56);
	AT(crypt_auth_op, iv_len, 64);
	AT(crparam, crp_nbits, 8);
	AT(crypt_kop, crk_param, 16);
}

static void constants(void)
{
	static const struct {
		unsigned int got, want;
	} rows[] = {
	    {CRYPTO_DES_CBC, 1},
	    {CRYPTO_3DES_CBC, 2},
	    {CRYPTO_BLF_CBC, 3},
	    {CRYPTO_MD5_HMAC, 6},
	    {CRYPTO_SHA1_HMAC, 7},
	    {CRYPTO_RIPEMD160_HMAC, 8},
	    {CRYPTO_AES_CBC, 11},
	    {CRYPTO_MD5, 13},
	    {CRYPTO_SHA1, 14},
	    {CRYPTO_NULL, 16},
	    {CRYPTO_SHA2_256_HMAC, 18},
	    {CRYPTO_SHA2_384_HMAC, 19},
	    {CRYPTO_SHA2_512_HMAC, 20},
	    {CRYPTO_AES_CTR, 21},
	    {CRYPTO_AES_XTS, 22},
	    {CRYPTO_AES_ECB, 23},
	    {CRYPTO_AES_CFB, 24},
	    {CRYPTO_AES_OFB, 25},
	    {CRYPTO_AES_GCM, 50},
	    {CRYPTO_AES_CCM, 51},
	    {CRYPTO_CAMELLIA_CBC, 101},
	    {CRYPTO_RIPEMD160, 102},
	    {CRYPTO_SHA2_224, 103},
	    {CRYPTO_SHA2_256, 104},
	    {CRYPTO_SHA2_384, 105},
	    {CRYPTO_SHA2_512, 106},
	    {CRYPTO_SHA2_224_HMAC, 107},
	    {CRYPTO_ALGORITHM_ALL, 110},
	    {COP_ENCRYPT, 0},
	    {COP_DECRYPT, 1},
	    {COP_FLAG_UPDATE, 1},
	    {COP_FLAG_FINAL, 2},
	    {COP_FLAG_WRITE_IV, 4},
	    {COP_FLAG_NO_ZC, 8},
	    {COP_FLAG_AEAD_TLS_TYPE, 16},
	    {COP_FLAG_AEAD_SRTP_TYPE, 32},
	    {COP_FLAG_RESET, 64},
	    {COP_FLAG_ZERO_COPY, 256},
	    {SIOP_FLAG_KERNEL_DRIVER_ONLY, 1},
	    {CRYPTO_CIPHER_MAX_KEY_LEN, 64},
	    {CRYPTO_HMAC_MAX_KEY_LEN, 512},
	    {EALG_MAX_BLOCK_LEN, 16},
	    {AALG_MAX_RESULT_LEN, 64},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(rows[i].got == rows[i].want, "constant %zu is %u", i, rows[i].got);
}

static void node(void)
{
	int fd = must_open();
	struct stat st;

	expect(!fstat(fd, &st), "fstat: %s", strerror(errno));
	expect(S_ISCHR(st.st_mode), "%s is not a character device", dev_path);
	note("%s is %u:%u, mode %04o", dev_path, major(st.st_rdev), minor(st.st_rdev),
	     (unsigned int)st.st_mode & 07777);
	expect(st.st_mode & 0060, "the group may not use it");
}

/* /dev/crypto is the first device, which is also there under its own name. */
static void numbered_node(void)
{
	int fd;

	if (strcmp(dev_path, DEV_DEFAULT_PATH))
		skip("not the default device");
	dev_path = "/dev/cryptodev0";
	fd = dev_open();
	if (fd == -ENOENT)
		skip("no /dev/cryptodev0");
	expect(fd >= 0, "open: %s", strerror(-fd));
	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
}

static void unknown_ioctl(void)
{
	static uint8_t arg[16384];
	static const unsigned long requests[] = {
	    _IO('c', 0),
	    _IO('c', 100),
	    _IOWR('c', 100, uint32_t),
	    _IO('c', 102),
	    _IOWR('c', 108, uint32_t),
	    _IOWR('c', 108, struct crypt_op),
	    _IOW('c', 113, uint32_t),
	    _IO('c', 255),
	    /* right number, wrong size or direction */
	    _IOWR('c', 102, uint32_t),
	    _IOW('c', 104, struct crypt_op),
	    _IOWR('c', 104, struct session_info_op),
	    _IOR('c', 103, uint32_t),
	    /* other drivers' */
	    TCGETS,
	    _IO('x', 104),
	    _IOWR('C', 104, struct crypt_op),
	    _IOWR('d', 102, struct session_op),
	    0,
	    0xffffffff,
	};
	int fd = must_open();

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		int err = dev_ioctl(fd, requests[i], arg);

		expect(err == -EINVAL, "ioctl 0x%lx: %s, expected EINVAL", requests[i],
		       err ? strerror(-err) : "success");
		err = dev_ioctl(fd, requests[i], NULL);
		expect(err == -EINVAL, "ioctl 0x%lx with NULL: %s, expected EINVAL", requests[i],
		       err ? strerror(-err) : "success");
	}
	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
}

static void asymmetric(void)
{
	int fd = must_open();
	struct crypt_kop kop = {0};
	uint32_t features = 0xdeadbeef;

	expect_ret(-EINVAL, dev_ioctl(fd, CIOCKEY, &kop));
	expect_ret(0, dev_ioctl(fd, CIOCASYMFEAT, &features));
	expect(features == 0, "CIOCASYMFEAT gave 0x%x", features);
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCASYMFEAT, NULL));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCASYMFEAT, bad_page()));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCASYMFEAT, readonly_page(0)));
}

/* That it is kept, the case "freeze" tries: here the host answers. */
static void time_out(void)
{
	uint32_t times[] = {1000, 0, UINT32_MAX};
	int fd = must_open();

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		expect_ret(0, dev_ioctl(fd, CIOCTIMEOUT, &times[i]));
		must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
	}
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCTIMEOUT, NULL));
	expect_ret(-EFAULT, dev_ioctl(fd, CIOCTIMEOUT, bad_page()));
	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
}

static void read_write_seek(void)
{
	int fd = must_open();
	char buf[64] = {0};

	expect(read(fd, buf, sizeof(buf)) == -1 && errno == EINVAL, "read: %s", strerror(errno));
	expect(write(fd, buf, sizeof(buf)) == -1 && errno == EINVAL, "write: %s", strerror(errno));
	expect(lseek(fd, 0, SEEK_SET) == -1 && errno == ESPIPE, "lseek: %s", strerror(errno));
	expect(lseek(fd, 0, SEEK_END) == -1 && errno == ESPIPE, "lseek: %s", strerror(errno));
	expect(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED, "mmap worked");
	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
}

static void poll_idle(void)
{
	int fd = must_open();
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI};
	struct timeval now = {0};
	fd_set r, w;

	for (int i = 0; i < 2; i++) {
		expect(poll(&p, 1, 0) == 1, "poll finds nothing");
		expect(p.revents == POLLOUT, "poll of an idle device gives 0x%x", p.revents);
		must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
	}
	p.events = POLLIN;
	expect(poll(&p, 1, 10) == 0, "poll for input gives 0x%x", p.revents);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(fd, &r);
	FD_SET(fd, &w);
	expect(select(fd + 1, &r, &w, NULL, &now) == 1 && FD_ISSET(fd, &w) && !FD_ISSET(fd, &r),
	       "select disagrees with poll");
}

static void crioget(void)
{
	int fd = must_open(), other = must_open(), clone = -1, expected;
	uint32_t ses, from_clone;

	expected = dup(fd);
	close(expected);
	ses = must_session(fd, CRYPTO_AES_CBC);
	expect_ret(0, dev_ioctl(fd, CRIOGET, &clone));
	expect(clone == expected, "CRIOGET gave %d, the lowest free descriptor is %d", clone,
	       expected);
	expect(!(fcntl(clone, F_GETFD) & FD_CLOEXEC), "the clone is close-on-exec");
	must_answer(clone, ses);
	from_clone = must_session(clone, CRYPTO_AES_CBC);
	must_answer(fd, from_clone);

	/* the file status flags are of the one description both share */
	expect(!fcntl(clone, F_SETFL, O_NONBLOCK), "F_SETFL: %s", strerror(errno));
	expect(fcntl(fd, F_GETFL) & O_NONBLOCK, "the clone is another open file description");
	must_answer(fd, ses);

	expect_ret(-EINVAL,
		   dev_crypt(other, ses, 0, 0, test_pt, (uint8_t[64]){0}, 64, (uint8_t[16]){0}));
	close(fd);
	must_answer(clone, ses);
	must_answer(clone, from_clone);
	expect_ret(0, dev_ioctl(clone, CRIOGET, &fd));
	must_answer(fd, ses);
	close(clone);
	must_answer(fd, ses);
}

static void crioget_errors(void)
{
	int fd = must_open(), before, after;
	struct rlimit lim;

	before = dup(fd);
	close(before);
	expect_ret(-EFAULT, dev_ioctl(fd, CRIOGET, NULL));
	expect_ret(-EFAULT, dev_ioctl(fd, CRIOGET, bad_page()));
	expect_ret(-EFAULT, dev_ioctl(fd, CRIOGET, readonly_page(0)));
	after = dup(fd);
	close(after);
	expect(before == after, "a failed CRIOGET leaves a descriptor behind");

	expect(!getrlimit(RLIMIT_NOFILE, &lim), "getrlimit");
	lim.rlim_cur = (rlim_t)before;
	expect(!setrlimit(RLIMIT_NOFILE, &lim), "setrlimit: %s", strerror(errno));
	expect_ret(-EMFILE, dev_ioctl(fd, CRIOGET, &after));
	must_answer(fd, must_session(fd, CRYPTO_AES_CBC));
}

const struct check abi_checks[] = {
    {"abi/ioctl-numbers", ioctl_numbers},
    {"abi/layouts", layouts},
    {"abi/constants", constants},
    {"abi/node", node},
    {"abi/numbered-node", numbered_node},
    {"abi/unknown-ioctl", unknown_ioctl},
    {"abi/asymmetric", asymmetric},
    {"abi/time-out", time_out},
    {"abi/read-write-seek", read_write_seek},
    {"abi/poll-idle", poll_idle},
    {"abi/crioget", crioget},
    {"abi/crioget-errors", crioget_errors},
    {NULL, NULL},
};
