/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - cryptodev-nist: NIST's CAVP response files through /dev/crypto.
 *
 * What a file tests is told by its name; its contents name only the fields. A
 * file of an algorithm that the device lacks is skipped, which is a failure with
 * --all; one that cannot be understood fails, as does a run in which nothing was
 * tested.
 */
#include "nist.h"

#include <errno.h>
#include <fnmatch.h>
#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In order: the first pattern that matches is taken. No function: not in the interface. */
static const struct kind {
	const char *pattern;
	nist_run_t *run;
	uint32_t id;
} kinds[] = {
    {"CBCMCT*.rsp", nist_monte, CRYPTO_AES_CBC},
    {"ECBMCT*.rsp", nist_monte, CRYPTO_AES_ECB},
    {"CBC*.rsp", nist_cipher, CRYPTO_AES_CBC},
    {"ECB*.rsp", nist_cipher, CRYPTO_AES_ECB},
    {"OFBMCT*.rsp", NULL, 0},
    {"OFB*.rsp", nist_cipher, CRYPTO_AES_OFB},
    {"CFB128MCT*.rsp", NULL, 0},
    {"CFB128*.rsp", nist_cipher, CRYPTO_AES_CFB},
    {"CFB8MCT*.rsp", NULL, 0},
    {"CFB8*.rsp", nist_composed, CRYPTO_AES_ECB},
    {"CFB1*.rsp", NULL, 0},
    {"XTSGenAES*.rsp", nist_xts, CRYPTO_AES_XTS},
    {"TCBCMonte*.rsp", NULL, 0},
    {"TCBC*.rsp", nist_cipher, CRYPTO_3DES_CBC},
    {"TECBMonte*.rsp", NULL, 0},
    {"TECB*.rsp", nist_composed, CRYPTO_3DES_CBC},
    {"SHA1Monte.rsp", nist_hash_monte, CRYPTO_SHA1},
    {"SHA224Monte.rsp", nist_hash_monte, CRYPTO_SHA2_224},
    {"SHA256Monte.rsp", nist_hash_monte, CRYPTO_SHA2_256},
    {"SHA384Monte.rsp", nist_hash_monte, CRYPTO_SHA2_384},
    {"SHA512Monte.rsp", nist_hash_monte, CRYPTO_SHA2_512},
    {"SHA1*Msg.rsp", nist_hash, CRYPTO_SHA1},
    {"SHA224*Msg.rsp", nist_hash, CRYPTO_SHA2_224},
    {"SHA256*Msg.rsp", nist_hash, CRYPTO_SHA2_256},
    {"SHA384*Msg.rsp", nist_hash, CRYPTO_SHA2_384},
    {"SHA512*Msg.rsp", nist_hash, CRYPTO_SHA2_512},
    {"HMAC.rsp", nist_hmac, 0},
    {"gcm*.rsp", nist_gcm, CRYPTO_AES_GCM},
    {"DVPT*.rsp", nist_ccm_verify, CRYPTO_AES_CCM},
    {"V[ANPT][DPT]T*.rsp", nist_ccm, CRYPTO_AES_CCM},
    {"V[NPT]T*.rsp", nist_ccm, CRYPTO_AES_CCM},
};

static struct {
	int fd;
	const char *filter;
	bool everything;
	unsigned int files, skipped, bad;
	unsigned long vectors, failed, composed, inapplicable;
} run;

/* A wrong vector is reported in full, but a wrong algorithm should not fill the disk. */
#define MAX_REPORTS 5

void nist_wrong(struct nist *n, const char *what, const uint8_t *got, const uint8_t *want,
		size_t len)
{
	if (++n->failed > MAX_REPORTS)
		return;
	printf("%s:%u: %s is wrong\n", n->name, rsp_line(n->rsp), what);
	if (!got)
		return;
	for (size_t i = 0; i < len && i < 64; i++)
		printf("%s%02x", i ? "" : "  got      ", got[i]);
	for (size_t i = 0; i < len && i < 64; i++)
		printf("%s%02x", i ? "" : "\n  expected ", want[i]);
	putchar('\n');
}

void nist_wrong_errno(struct nist *n, const char *what, int err, int want)
{
	if (++n->failed > MAX_REPORTS)
		return;
	printf("%s:%u: %s: %s", n->name, rsp_line(n->rsp), what, err ? strerror(-err) : "success");
	printf(", expected %s\n", want ? strerror(-want) : "success");
}

bool nist_expect(struct nist *n, const char *what, int err, const uint8_t *got, const uint8_t *want,
		 size_t len)
{
	if (err)
		nist_wrong_errno(n, what, err, 0);
	else if (len && memcmp(got, want, len))
		nist_wrong(n, what, got, want, len);
	else
		return true;
	return false;
}

static const struct kind *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!fnmatch(kinds[i].pattern, name, 0))
			return &kinds[i];
	return NULL;
}

static void skipped(const char *name, const char *why)
{
	run.skipped++;
	printf("%-24s skipped: %s\n", name, why);
}

static void bad(const char *name, unsigned int line, const char *why)
{
	run.bad++;
	printf("%s:%u: FAILED: %s\n", name, line, why);
}

static void count(const struct nist *n)
{
	run.files++;
	run.vectors += n->vectors;
	run.failed += n->failed;
	run.composed += n->composed;
	run.inapplicable += n->inapplicable;
	printf("%-24s %5u vectors", n->name, n->vectors);
	if (n->composed)
		printf(", %u of them composed", n->composed);
	if (n->inapplicable)
		printf(", %u not expressible", n->inapplicable);
	printf(n->failed ? ", %u FAILED\n" : "\n", n->failed);
}

static void run_file(const char *path, const char *name)
{
	const struct kind *kind = kind_of(name);
	struct nist n = {.name = name, .fd = run.fd};
	int err;

	if (run.filter && fnmatch(run.filter, name, 0))
		return;
	if (!kind) {
		bad(name, 0, "the name tells nothing of the contents");
		return;
	}
	if (!kind->run) {
		skipped(name, "not in the interface");
		return;
	}
	n.rsp = rsp_open(path);
	if (!n.rsp) {
		bad(name, 0, strerror(errno));
		return;
	}
	err = kind->run(&n, kind->id);
	if (err == -ENOTSUP)
		skipped(name, "the device lacks the algorithm");
	else if (err)
		bad(name, rsp_line(n.rsp), "not understood");
	else if (!n.vectors)
		bad(name, rsp_line(n.rsp), "there are no vectors in it");
	else
		count(&n);
	rsp_close(n.rsp);
	fflush(stdout);
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *name = path + at->base;

	if (type == FTW_DNR || type == FTW_NS)
		bad(name, 0, "cannot be read");
	else if (type == FTW_F && !fnmatch("*.rsp", name, 0))
		run_file(path, name);
	return 0;
}

static void usage(FILE *to)
{
	fputs(
	    "usage: cryptodev-nist [--device=PATH] [--filter=GLOB] [--all] FILE|FOLDER...\n"
	    "Runs response files (.rsp) of NIST's CAVP through /dev/crypto. What is of a mode that "
	    "the\n"
	    "interface lacks is composed of the device's other modes, where that is possible.\n\n"
	    "  --device=PATH  the node (default " DEV_DEFAULT_PATH ")\n"
	    "  --filter=GLOB  only files of such names, such as 'CBC*'\n"
	    "  --all          what is skipped is a failure\n"
	    "  --version, --help\n\n"
	    "Exit status: 0 all vectors right, 1 a wrong one, a file that was not understood, or\n"
	    "nothing to test, 2 wrong usage or no device.\n",
	    to);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"device", required_argument, NULL, 'd'}, {"filter", required_argument, NULL, 'f'},
	    {"all", no_argument, NULL, 'a'},	      {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},	      {NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == 'd') {
			dev_path = optarg;
		} else if (opt == 'f') {
			run.filter = optarg;
		} else if (opt == 'a') {
			run.everything = true;
		} else if (opt == 'v') {
			puts("cryptodev-nist " VCD_VERSION);
			return 0;
		} else {
			usage(opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	run.fd = dev_open();
	if (run.fd < 0) {
		dev_explain(run.fd);
		return 2;
	}
	for (; optind < argc; optind++) {
		if (nftw(argv[optind], visit, 16, FTW_PHYS)) {
			fprintf(stderr, "%s: %s\n", argv[optind], strerror(errno));
			return 2;
		}
	}
	printf("# %u files skipped, %lu vectors not expressible, %lu composed\n", run.skipped,
	       run.inapplicable, run.composed);
	printf("%u files, %lu vectors, %lu failed, %u files not understood\n", run.files,
	       run.vectors, run.failed, run.bad);
	if (!run.vectors && !run.bad)
		fprintf(stderr, "nothing was tested\n");
	if (run.everything && (run.skipped || run.inapplicable)) {
		fprintf(stderr, "not everything was tested\n");
		return 1;
	}
	return run.failed || run.bad || !run.vectors ? 1 : 0;
}
