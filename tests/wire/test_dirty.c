/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_dirty.c - live migration: each page that the device writes to has a bit in the log.
 *
 * Each test prepares requests while queue 0 is stopped, copies all of guest memory, and lets the queue
 * work. When it has stopped again, the pages with a bit are copied once more; then the copy has to be
 * the memory. Queue 1 stays enabled, so that the sessions live.
 *
 * That finds a page that was changed and not logged. A byte that the device may write, and wrote with
 * the value that it had before, is found by a second look: each page of a writable descriptor has a
 * bit.
 */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/recovery/ledger.h"
#include "tests/wire/crash.h"
#include "tests/wire/migration.h"
#include "tests/wire/said.h"

#define PAGES 192u
#define MAX_PIECES 24u
#define MAX_WRITABLE 512u

static const char *const ARGS[] = {"--num-queues=2", "--workers=2", NULL};

/**
 * struct dirty - a VM that migrates.
 * @data: PAGES pages, for the requests of queue 0
 * @used_pages: of them in use
 * @writable: what the device may write to, beside used rings
 */
struct dirty {
	struct rig rig;
	struct migration migration;
	struct front_queue *queue;
	uint64_t session;
	uint8_t *data;
	unsigned int used_pages;
	struct {
		const uint8_t *at;
		uint32_t len;
	} writable[MAX_WRITABLE];
	unsigned int writable_count;
};

/* ---- setting up ----------------------------------------------------------------------- */

static void set_queue(const struct dirty *d, bool on)
{
	assert_int_equal(front_set_state(d->rig.front, VU_SET_VRING_ENABLE, 0, on), 0);
}

static void open_dirty(struct dirty *d, const struct front_options *options)
{
	struct front_options all = *options;
	uint8_t *data;

	*d = (struct dirty){0};
	all.queues = 2;
	all.memory = all.memory ? all.memory : 4u << 20;
	rig_start(&d->rig, &all, ARGS);
	rig_check(&d->rig);
	d->queue = &d->rig.front->queue[0];
	d->session = rig_session(&d->rig, &d->rig.front->queue[1]);
	data = front_alloc(d->rig.front, (PAGES + 1) * MIGRATION_PAGE);
	assert_non_null(data);
	/* Whole pages, so that nothing else lies in them. */
	d->data =
	    (uint8_t *)(((uintptr_t)data + MIGRATION_PAGE - 1) & ~(uintptr_t)(MIGRATION_PAGE - 1));
	migration_open(&d->migration, d->rig.front);
	set_queue(d, false);
}

static void close_dirty(struct dirty *d)
{
	migration_close(&d->migration);
	rig_stop(&d->rig);
}

static uint8_t *take_pages(struct dirty *d, unsigned int n)
{
	uint8_t *p = d->data + d->used_pages * MIGRATION_PAGE;

	assert_true(d->used_pages + n <= PAGES);
	d->used_pages += n;
	memset(p, 0x5a, n * MIGRATION_PAGE);
	return p;
}

/* ---- requests ------------------------------------------------------------------------- */

/**
 * struct shape - a request.
 * @opcode: operation
 * @wrong: a session that does not exist
 * @len: bytes in and out
 * @out_len: room for output; 0: @len
 * @pieces: descriptors that the output is in
 * @in_place: the output lies on the input
 */
struct shape {
	uint16_t opcode;
	bool wrong;
	uint32_t len;
	uint32_t out_len;
	unsigned int pieces;
	bool in_place;
};

static struct front_buf writable(struct dirty *d, uint8_t *at, uint32_t len)
{
	assert_true(d->writable_count < MAX_WRITABLE);
	d->writable[d->writable_count].at = at;
	d->writable[d->writable_count++].len = len;
	return (struct front_buf){front_gpa(d->rig.front, at), len};
}

static void fill_header(const struct dirty *d, struct vcd_req *header, const struct shape *shape)
{
	*header = (struct vcd_req){
	    .opcode = htole16(shape->opcode),
	    .session = htole64(d->session + (shape->wrong ? 1ull << 40 : 0)),
	    .src_len = htole32(shape->len),
	    .iv_len = 16,
	};
}

/* Header, input, reply and output each in pages of their own; of the output each piece. */
static void add_request(struct dirty *d, const struct shape *shape)
{
	uint32_t out_len = shape->out_len ? shape->out_len : shape->len;
	uint32_t piece = out_len / shape->pieces;
	unsigned int pages = (shape->len + 2 * MIGRATION_PAGE - 1) / MIGRATION_PAGE;
	struct front_buf bufs[3 + MAX_PIECES];
	struct vcd_req *header = (void *)take_pages(d, 1);
	uint8_t *in = take_pages(d, pages) + 100;
	unsigned int n = 0;

	assert_true(shape->pieces <= MAX_PIECES);
	fill_header(d, header, shape);
	bufs[n++] = (struct front_buf){front_gpa(d->rig.front, header), sizeof(*header)};
	bufs[n++] = (struct front_buf){front_gpa(d->rig.front, in), shape->len};
	bufs[n++] = writable(d, take_pages(d, 1) + 40, sizeof(struct vcd_reply));
	for (unsigned int i = 0; i < shape->pieces; i++) {
		uint32_t len = i + 1 < shape->pieces ? piece : out_len - i * piece;
		uint8_t *at = in + i * piece;

		/* Across a border of pages. */
		if (!shape->in_place)
			at = take_pages(d, len / MIGRATION_PAGE + 2) + MIGRATION_PAGE - 7;
		bufs[n++] = writable(d, at, len);
	}
	assert_int_equal(front_queue_add(d->queue, bufs, 2, n - 2, d), 0);
}

static void forget_requests(struct dirty *d)
{
	void *token;
	uint32_t len;

	while (front_queue_reap(d->queue, &token, &len) == 1)
		;
	d->used_pages = d->writable_count = 0;
}

/* Publish what was added, and copy all; the queue is stopped. */
static void publish(struct dirty *d)
{
	front_queue_quiet(d->queue);
	front_queue_kick(d->queue);
	migration_copy_all(&d->migration);
}

static uint16_t used_index(const struct dirty *d)
{
	return le16toh(__atomic_load_n(&d->queue->used->idx, __ATOMIC_ACQUIRE));
}

static void await_all(const struct dirty *d)
{
	for (unsigned int tries = 0; used_index(d) != d->queue->avail_idx; tries++) {
		assert_true(tries < FRONT_TIMEOUT_MS);
		usleep(1000);
	}
}

static void check_marked(const struct dirty *d)
{
	for (unsigned int i = 0; i < d->writable_count; i++) {
		const uint8_t *at = d->writable[i].at, *end = at + d->writable[i].len;

		for (const uint8_t *p = at; p < end; p++)
			if (!migration_marked(&d->migration, p))
				fail_msg("writable %u of %u: byte %zu has no bit", i,
					 d->writable_count, (size_t)(p - at));
	}
}

/* The device has stopped. */
static void check_copy(const struct dirty *d)
{
	const void *page;

	migration_copy_marked(&d->migration);
	page = migration_differs(&d->migration);
	if (page)
		fail_msg("the page at 0x%llx was written and has no bit",
			 (unsigned long long)front_gpa(d->rig.front, page));
}

/* What was added is executed, and all that it wrote has a bit. */
static void run(struct dirty *d)
{
	publish(d);
	set_queue(d, true);
	await_all(d);
	set_queue(d, false);
	check_marked(d);
	assert_true(migration_marked(&d->migration, &d->queue->used->idx));
	check_copy(d);
	forget_requests(d);
}

/* ---- shapes --------------------------------------------------------------------------- */

static const struct shape shapes[] = {
    {VCD_OP_CRYPT, false, 64, 0, 1, false},
    {VCD_OP_CRYPT, false, 8192, 0, 1, false},
    {VCD_OP_CRYPT, false, 8192, 0, 1, true},
    {VCD_OP_CRYPT, false, 16384, 0, 16, false},
    {VCD_OP_CRYPT, false, 16384, 0, 23, true},
    /* More room than output. */
    {VCD_OP_CRYPT, false, 64, 40000, 3, false},
    /* Errors, of the session, the operation, and the room. */
    {VCD_OP_CRYPT, true, 4096, 0, 2, false},
    {0xeeee, false, 4096, 0, 2, false},
    {VCD_OP_CRYPT, false, 4096, 16, 1, false},
    {VCD_OP_CRYPT, false, 4095, 0, 2, false},
    {VCD_OP_AUTHCRYPT, false, 4096, 0, 2, true},
    {VCD_OP_HELLO, false, 16, 4096, 4, false},
    /* Only the last byte lies in the second page. */
    {VCD_OP_CRYPT, false, 64, 8, 1, false},
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void shapes_of(const struct front_options *options, bool log_rings)
{
	struct dirty d;

	open_dirty(&d, options);
	migration_start(&d.migration);
	if (!log_rings)
		migration_log_ring(d.queue, 0);
	for (unsigned int i = 0; i < SHAPES; i++) {
		add_request(&d, &shapes[i]);
		run(&d);
	}
	/* So many that the used ring's second page is come to, if it has one. */
	for (unsigned int i = 0; i < 40; i++) {
		for (unsigned int k = 0; k < 26; k++)
			add_request(&d, &shapes[0]);
		run(&d);
	}
	set_queue(&d, true);
	rig_check(&d.rig);
	close_dirty(&d);
}

static void test_shapes(void **state)
{
	shapes_of(&(struct front_options){0}, true);
	shapes_of(&(struct front_options){.no_indirect = true}, true);
	shapes_of(&(struct front_options){.no_event_idx = true}, false);
	shapes_of(&(struct front_options){.regions = 2, .adjacent = true}, false);
}

/* A used ring of more than a page: flags, entries and avail_event lie in different pages. */
static void test_large_ring(void **state)
{
	shapes_of(&(struct front_options){.queue_size = 2048, .no_indirect = true}, true);
	shapes_of(&(struct front_options){.queue_size = 2048, .no_indirect = true}, false);
}

/* Output that begins in one region and ends in the next. */
static void test_across_regions(void **state)
{
	struct dirty d;
	struct vcd_req *header;
	uint8_t *border;
	struct front_buf bufs[4];

	open_dirty(&d, &(struct front_options){.regions = 2, .adjacent = true});
	migration_start(&d.migration);
	border = front_region_at(d.rig.front, 1);
	header = (void *)take_pages(&d, 1);
	fill_header(&d, header, &shapes[1]);
	bufs[0] = (struct front_buf){front_gpa(d.rig.front, header), sizeof(*header)};
	bufs[1] = (struct front_buf){front_gpa(d.rig.front, take_pages(&d, 2)), 8192};
	bufs[2] = writable(&d, take_pages(&d, 1), sizeof(struct vcd_reply));
	bufs[3] = writable(&d, border - 5000, 8192);
	assert_int_equal(front_queue_add(d.queue, bufs, 2, 2, &d), 0);
	run(&d);
	close_dirty(&d);
}

/* A chain that breaks the ring, after good ones in the same batch. */
static void test_broken_ring(void **state)
{
	struct dirty d;

	open_dirty(&d, &(struct front_options){0});
	migration_start(&d.migration);
	add_request(&d, &shapes[1]);
	add_request(&d, &shapes[3]);
	front_queue_push(d.queue, 0xffff);
	publish(&d);
	set_queue(&d, true);
	assert_int_equal(front_queue_wait_broken(d.queue), 0);
	set_queue(&d, false);
	check_marked(&d);
	check_copy(&d);
	close_dirty(&d);
}

/* ---- workers that come and go --------------------------------------------------------- */

/* Round after round, with a worker that is killed at any time; the log goes to the next one. */
static void test_killed(void **state)
{
	struct dirty d;
	pid_t pid;

	open_dirty(&d, &(struct front_options){0});
	migration_start(&d.migration);
	for (unsigned int i = 0; i < 12; i++) {
		for (unsigned int k = 0; k < 4; k++)
			add_request(&d, &shapes[1 + k % 3]);
		publish(&d);
		set_queue(&d, true);
		pid = process_worker(&d.rig.daemon);
		usleep((useconds_t)(random() % 300));
		migration_copy_all(&d.migration);
		if (pid > 0)
			assert_int_equal(kill(pid, SIGKILL), 0);
		migration_copy_marked(&d.migration);
		if (i % 2)
			await_all(&d);
		set_queue(&d, false);
		check_copy(&d);
		set_queue(&d, true);
		await_all(&d);
		set_queue(&d, false);
		forget_requests(&d);
		d.session = rig_session(&d.rig, &d.rig.front->queue[1]);
	}
	set_queue(&d, true);
	rig_check(&d.rig);
	rig_report(&d.rig);
	assert_true(rig_stat(&d.rig, "restarts") > 0);
	close_dirty(&d);
}

static const char *crash_daemon;

static void open_crash(struct dirty *d, struct crash_file *crash)
{
	const char *daemon = rig_daemon;

	crash_file_make(crash);
	rig_daemon = crash_daemon;
	open_dirty(d, &(struct front_options){0});
	rig_daemon = daemon;
	migration_start(&d->migration);
}

/* A death at each place, and everything is copied at that time. */
static void test_places(void **state)
{
	static const enum crash_place places[] = {CRASH_SAVED,	  CRASH_EXECUTE,  CRASH_EXECUTED,
						  CRASH_USED,	  CRASH_FINISHED, CRASH_PUBLISHED,
						  CRASH_RECOVERED};
	struct crash_file crash;
	struct dirty d;

	if (!crash_daemon)
		skip();
	open_crash(&d, &crash);
	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		bool recovered = places[i] == CRASH_RECOVERED;

		for (unsigned int k = 0; k < 3; k++)
			add_request(&d, &shapes[1 + k]);
		publish(&d);
		crash_file_set(&crash, recovered ? CRASH_EXECUTED : places[i], 1, 1);
		set_queue(&d, true);
		for (unsigned int tries = 0; crash_file_left(&crash) > 0; tries++) {
			assert_true(tries < FRONT_TIMEOUT_MS);
			usleep(200);
		}
		if (recovered)
			crash_file_set(&crash, CRASH_RECOVERED, 1, 1);
		migration_copy_all(&d.migration);
		await_all(&d);
		set_queue(&d, false);
		check_copy(&d);
		forget_requests(&d);
		d.session = rig_session(&d.rig, &d.rig.front->queue[1]);
	}
	/* The last plan may not have been come to. */
	crash_file_set(&crash, CRASH_PUBLISHED, 1, 0);
	close_dirty(&d);
	crash_file_remove(&crash);
}

/*
 * A batch that kills each worker after it was executed, until its queue is given up. What it wrote,
 * and what the next workers put back, was copied after the first death.
 */
static void test_poison(void **state)
{
	struct crash_file crash;
	struct dirty d;

	if (!crash_daemon)
		skip();
	open_crash(&d, &crash);
	add_request(&d, &shapes[2]);
	add_request(&d, &shapes[4]);
	add_request(&d, &shapes[3]);
	publish(&d);
	crash_file_set(&crash, CRASH_EXECUTED, 1, (int)LEDGER_STRIKES);
	set_queue(&d, true);
	for (unsigned int tries = 0; crash_file_left(&crash) == (int)LEDGER_STRIKES; tries++) {
		assert_true(tries < FRONT_TIMEOUT_MS * 10);
		usleep(100);
	}
	migration_copy_all(&d.migration);
	assert_int_equal(front_queue_wait_broken(d.queue), 0);
	set_queue(&d, false);
	check_copy(&d);
	close_dirty(&d);
	crash_file_remove(&crash);
}

/* ---- the log itself ------------------------------------------------------------------- */

static void run_unlogged(struct dirty *d)
{
	add_request(d, &shapes[1]);
	publish(d);
	set_queue(d, true);
	await_all(d);
	set_queue(d, false);
	assert_int_equal(migration_count(&d->migration), 0);
	forget_requests(d);
}

/* Nothing is noted while the feature is off, whether there is a log or not. */
static void test_off(void **state)
{
	struct dirty d;

	open_dirty(&d, &(struct front_options){0});
	run_unlogged(&d);
	assert_int_equal(migration_set_log(&d.migration, d.migration.size), 0);
	run_unlogged(&d);
	migration_log_all(&d.migration, true);
	add_request(&d, &shapes[1]);
	run(&d);
	migration_log_all(&d.migration, false);
	run_unlogged(&d);
	close_dirty(&d);
}

/* With the feature and no log, or one that is too small, a queue waits for a log that will do. */
static void test_waits_for_log(void **state)
{
	struct dirty d;

	open_dirty(&d, &(struct front_options){0});
	migration_log_all(&d.migration, true);
	set_queue(&d, true);
	add_request(&d, &shapes[1]);
	publish(&d);
	front_queue_signal(d.queue);
	/* One bit is missing. Each answer comes after the queue had its chance. */
	assert_int_equal(migration_set_log(&d.migration, d.migration.size - 2), 0);
	front_queue_signal(d.queue);
	usleep(20000);
	assert_int_equal(used_index(&d), d.queue->last_used);
	assert_int_equal(migration_count(&d.migration), 0);
	assert_int_equal(migration_set_log(&d.migration, d.migration.size), 0);
	await_all(&d);
	set_queue(&d, false);
	check_marked(&d);
	check_copy(&d);
	close_dirty(&d);
}

/* A used ring that is said to lie where the log ends; then in another place of the log. */
static void test_ring_elsewhere(void **state)
{
	const struct vu_vring_addr bad = {.flags = VU_VRING_F_LOG, .log_guest = UINT64_MAX - 4095};
	struct vu_vring_addr addr = bad;
	struct dirty d;

	open_dirty(&d, &(struct front_options){0});
	migration_start(&d.migration);
	addr.desc_user = (uint64_t)(uintptr_t)d.queue->desc;
	addr.avail_user = (uint64_t)(uintptr_t)d.queue->avail;
	addr.used_user = (uint64_t)(uintptr_t)d.queue->used;
	assert_int_equal(front_set(d.rig.front, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1), 0);
	assert_int_equal(front_set_state(d.rig.front, VU_SET_VRING_ENABLE, 0, 1), -EREMOTEIO);
	set_queue(&d, false);
	migration_log_ring(d.queue, front_gpa(d.rig.front, d.data + 64 * MIGRATION_PAGE));
	add_request(&d, &shapes[0]);
	publish(&d);
	set_queue(&d, true);
	await_all(&d);
	set_queue(&d, false);
	assert_true(migration_marked(&d.migration, d.data + 64 * MIGRATION_PAGE));
	close_dirty(&d);
}

/* The front end makes the log's file shorter: the queues stop, and no process dies. */
static void test_log_shrinks(void **state)
{
	struct dirty d;

	open_dirty(&d, &(struct front_options){0});
	migration_start(&d.migration);
	add_request(&d, &shapes[1]);
	publish(&d);
	assert_int_equal(ftruncate(d.migration.memfd, 0), 0);
	set_queue(&d, true);
	assert_int_equal(front_queue_wait_broken(d.queue), 0);
	front_queue_signal(&d.rig.front->queue[1]);
	assert_int_equal(front_queue_wait_broken(&d.rig.front->queue[1]), 0);
	rig_report(&d.rig);
	assert_int_equal(rig_stat(&d.rig, "restarts"), 0);
	close_dirty(&d);
}

/* A worker that cannot map the log any more: its front end is let go. */
static void test_log_gone(void **state)
{
	struct dirty d;
	pid_t pid;

	open_dirty(&d, &(struct front_options){0});
	migration_start(&d.migration);
	assert_int_equal(ftruncate(d.migration.memfd, 0), 0);
	pid = process_worker(&d.rig.daemon);
	assert_true(pid > 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(front_send(d.rig.front, VU_GET_FEATURES, 0, NULL, 0, NULL, 0), 0);
	assert_int_equal(front_wait_closed(d.rig.front), 0);
	migration_close(&d.migration);
	rig_disconnect(&d.rig);
	assert_int_equal(process_wait(&d.rig.daemon), 0);
	rig_stop(&d.rig);
}

/* The descriptor to signal changes of the log is accepted, and nothing depends on it. */
static void test_log_fd(void **state)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	struct dirty d;

	assert_true(fd >= 0);
	open_dirty(&d, &(struct front_options){0});
	assert_int_equal(front_set(d.rig.front, VU_SET_LOG_FD, NULL, 0, fd), 0);
	close(fd);
	migration_start(&d.migration);
	add_request(&d, &shapes[3]);
	run(&d);
	close_dirty(&d);
}

/* What the daemons of these tests have to write. */
static const char *const MESSAGES[] = {
    "the front end's log of dirty pages is too small for the guest's memory",
    "or the log of dirty pages",
    "log of dirty pages, ",
    "does not accept the front end's set-up (SET_LOG_BASE)",
    "the log of dirty pages cannot be mapped",
    NULL,
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shapes),	   cmocka_unit_test(test_large_ring),
	    cmocka_unit_test(test_across_regions), cmocka_unit_test(test_broken_ring),
	    cmocka_unit_test(test_killed),	   cmocka_unit_test(test_places),
	    cmocka_unit_test(test_poison),	   cmocka_unit_test(test_off),
	    cmocka_unit_test(test_waits_for_log),  cmocka_unit_test(test_ring_elsewhere),
	    cmocka_unit_test(test_log_shrinks),	   cmocka_unit_test(test_log_gone),
	    cmocka_unit_test(test_log_fd),
	};

	said_begin();
	if (argc < 2)
		return 2;
	rig_daemon = argv[1];
	crash_daemon = argc > 2 ? argv[2] : NULL;
	return said_all(cmocka_run_group_tests(tests, NULL, NULL), MESSAGES);
}
