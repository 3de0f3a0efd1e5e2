/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_large.c - messages of more than 2 GiB. EVP_Cipher() counts to 4 GiB,
 * EVP_EncryptUpdate() to 2.
 */
#include "tests/provider/rig.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/evp.h>

static const uint8_t key[32] = {1, 2, 3, 4}, iv[16] = {9, 8, 7, 6};

/* @len bytes of address space on @fd's few. */
static uint8_t *repeated(int fd, size_t len, size_t piece)
{
	uint8_t *at =
	    mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	for (size_t i = 0; i < len; i += piece)
		assert_ptr_not_equal(
		    mmap(at + i, piece, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0),
		    MAP_FAILED);
	return at;
}

static void test_more_than_2_gib(void **state)
{
	static const char *const names[] = {"AES-128-GCM", "ChaCha20-Poly1305", "AES-128-CCM"};
	size_t piece = 1 << 20, len = ((size_t)1 << 31) + piece;
	int from = memfd_create("in", 0), to = memfd_create("out", 0), n;
	uint8_t *in, *out, tag[2][16], last[2][64];
	unsigned int calls;
	int taglen;
	EVP_CIPHER_CTX *ctx;
	EVP_CIPHER *cipher;
	struct rig rig;

	assert_int_equal(ftruncate(from, 1 << 20), 0);
	assert_int_equal(ftruncate(to, 1 << 20), 0);
	in = repeated(from, len, piece);
	out = repeated(to, len, piece);
	rig_open(&rig, NULL, NULL, NULL);
	for (int i = 0; i < 3; i++) {
		calls = model_calls();
		taglen = i == 2 ? 12 : 16;
		for (int j = 0; j < 2; j++) {
			cipher = EVP_CIPHER_fetch(j ? rig.stock : rig.ours, names[i], NULL);
			ctx = EVP_CIPHER_CTX_new();
			assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, 1, NULL), 1);
			/* CCM's longest message depends on its nonce, which OpenSSL 3.5 keeps to. */
			if (i == 2)
				assert_int_equal(
				    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 7, NULL), 1);
			assert_int_equal(EVP_CipherInit_ex2(ctx, NULL, key, iv, 1, NULL), 1);
			/* ChaCha20's output is read again at the end, and ours is not all there. */
			assert_int_equal(
			    EVP_Cipher(ctx, i == 1 ? NULL : out, in, (unsigned int)len),
			    (int)(unsigned int)len);
			memcpy(last[j], out + len - 64, 64);
			assert_int_equal(EVP_CipherFinal_ex(ctx, tag[j], &n), 1);
			assert_int_equal(
			    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, taglen, tag[j]), 1);
			EVP_CIPHER_CTX_free(ctx);
			EVP_CIPHER_free(cipher);
		}
		assert_memory_equal(last[0], last[1], 64);
		assert_memory_equal(tag[0], tag[1], (size_t)taglen);
		assert_int_equal(model_calls(), calls);
	}
	munmap(in, len);
	munmap(out, len);
	close(from);
	close(to);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_more_than_2_gib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
