// SPDX-License-Identifier: GPL-2.0-or-later
/* test_peers.c - the file of known peers, when it is a link and when several processes change it.
 */
#include "tests/chat/cmocka_api.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cryptochat/identity/peers.h"

#define ADDED 200

static char dir[] = "/tmp/cryptochat-peers-XXXXXX", path[64], target[64];

static int setup(void **state)
{
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/known_peers", dir);
	snprintf(target, sizeof(target), "%s/target", dir);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	unlink(target);
	return rmdir(dir);
}

static struct peer peer_of(unsigned int number, enum peer_label label)
{
	struct peer p = {.label = label};

	memcpy(p.key, &number, sizeof(number));
	snprintf(p.nick, sizeof(p.nick), "peer%u", number);
	return p;
}

static void load(struct peers *p)
{
	unsigned int line;

	assert_int_equal(peers_load(path, p, &line), 0);
}

static void labels(void **state)
{
	const struct peer one = peer_of(1, PEER_UNVERIFIED), two = peer_of(2, PEER_UNVERIFIED);
	const struct peer verified = peer_of(1, PEER_VERIFIED),
			  rejected = peer_of(3, PEER_REJECTED);
	struct peers p, again;

	load(&p);
	assert_int_equal(peers_add(&p, &one), 0);
	assert_int_equal(peers_add(&p, &two), 0);
	assert_int_equal(peers_label(&p, &verified), 0);
	/* A key that has no line gets one. */
	assert_int_equal(peers_label(&p, &rejected), 0);
	load(&again);
	assert_int_equal(p.count, 3);
	assert_int_equal(again.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(p.list[i].label, again.list[i].label);
		assert_memory_equal(p.list[i].key, again.list[i].key, KEY_HASH_SIZE);
	}
	assert_int_equal(again.list[0].label, PEER_VERIFIED);
	assert_int_equal(again.list[1].label, PEER_UNVERIFIED);
	assert_int_equal(again.list[2].label, PEER_REJECTED);
	peers_free(&p);
	peers_free(&again);
}

/* Comments, empty lines and a last line without its end survive a change of a label. */
static void rest_of_the_file(void **state)
{
	static const char before[] =
	    "# friends\n\n- SHA256:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    " unverified peer1\n\n# the end";
	static const char after[] =
	    "# friends\n\n- SHA256:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    " verified peer1\n\n# the end";
	const struct peer verified = peer_of(1, PEER_VERIFIED);
	char text[sizeof(after) + 10] = "";
	struct peers p;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(before, file);
	fclose(file);
	load(&p);
	assert_int_equal(peers_label(&p, &verified), 0);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, file), sizeof(after) - 1);
	fclose(file);
	assert_string_equal(text, after);
	peers_free(&p);
}

static void link_stays_a_link(void **state)
{
	const struct peer one = peer_of(1, PEER_UNVERIFIED), verified = peer_of(1, PEER_VERIFIED);
	struct peers p, again;
	struct stat st;

	assert_int_equal(symlink("target", path), 0);
	load(&p);
	assert_int_equal(peers_add(&p, &one), 0);
	assert_int_equal(peers_label(&p, &verified), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat(target, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	load(&again);
	assert_int_equal(again.count, 1);
	assert_int_equal(again.list[0].label, PEER_VERIFIED);
	peers_free(&p);
	peers_free(&again);
}

/* One process meets new peers while another one changes a label again and again. */
static void two_processes(void **state)
{
	const struct peer one = peer_of(0, PEER_UNVERIFIED);
	struct peers p;
	int status;
	pid_t pid;

	load(&p);
	assert_int_equal(peers_add(&p, &one), 0);
	pid = fork();
	if (pid == 0) {
		for (unsigned int i = 1; i <= ADDED; i++) {
			const struct peer new = peer_of(i, PEER_UNVERIFIED);

			if (peers_add(&p, &new))
				_exit(1);
		}
		_exit(0);
	}
	for (unsigned int i = 0; i < ADDED; i++) {
		const struct peer changed = peer_of(0, i % 2 ? PEER_VERIFIED : PEER_UNVERIFIED);

		assert_int_equal(peers_label(&p, &changed), 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	peers_free(&p);
	load(&p);
	assert_int_equal(p.count, ADDED + 1);
	peers_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(labels, setup, teardown),
	    cmocka_unit_test_setup_teardown(rest_of_the_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(link_stays_a_link, setup, teardown),
	    cmocka_unit_test_setup_teardown(two_processes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
