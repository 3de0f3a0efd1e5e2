// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * badnet.c - a bad network of IP packets, in the network namespace it is started in.
 *
 * A TUN device with the address 10.99.0.1. What is sent to 10.99.0.2 comes back with both
 * addresses exchanged, as if 10.99.0.2 had the same listeners and callers; so one namespace
 * has two ends. (Exchanging them leaves the checksums as they are.) Commands on standard
 * input, a line each, answered on standard error by how many packets were lost so far and
 * "ok":
 *
 *	pass			all packets
 *	loss PERCENT DELAY	lose that many by chance, delay the others by so many ms
 *	reset BYTES		after so many bytes: answer packets by RST, to both ends
 *	silence BYTES		after so many bytes: lose all packets
 *
 * "reset" and "silence" say "now" when they begin, and last until the next command.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 2048
#define QUEUE 4096

enum mode { PASS, LOSS, RESET, SILENCE };

struct packet {
	int64_t due_ms;
	size_t len;
	uint8_t data[PACKET_MAX];
};

static struct packet queue[QUEUE];
static size_t first, queued;
static enum mode mode;
static unsigned long percent, delay_ms, bytes_left;
static unsigned long lost;
static bool begun;
static int tun;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool lost_by_chance(void)
{
	static uint32_t x = 2463534242;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % 100 < percent;
}

static uint32_t sum(const void *data, size_t len)
{
	const uint8_t *at = data;
	uint32_t total = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		total += (uint32_t)at[i] << 8 | at[i + 1];
	return total;
}

static uint16_t folded(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons((uint16_t)~total);
}

/* What the network does with a packet that is through. */
static void deliver(const uint8_t *data, size_t len)
{
	ssize_t n;

	do
		n = write(tun, data, len);
	while (n < 0 && errno == EINTR);
}

struct reset_packet {
	struct iphdr ip;
	struct tcphdr tcp;
};

/* A reset from @from to @to; sequence numbers as they are on the wire. */
static void send_reset(uint32_t from, uint32_t to, uint16_t from_port, uint16_t to_port,
		       uint32_t seq, const uint32_t *ack)
{
	struct reset_packet p = {
	    .ip = {.version = 4,
		   .ihl = 5,
		   .tot_len = htons(sizeof(p)),
		   .ttl = 64,
		   .protocol = IPPROTO_TCP,
		   .saddr = from,
		   .daddr = to},
	    .tcp = {.source = from_port,
		    .dest = to_port,
		    .seq = seq,
		    .ack_seq = ack ? *ack : 0,
		    .doff = sizeof(p.tcp) / 4,
		    .rst = 1,
		    .ack = ack != NULL},
	};

	p.ip.check = folded(sum(&p.ip, sizeof(p.ip)));
	p.tcp.check = folded(sum(&p.tcp, sizeof(p.tcp)) + sum(&p.ip.saddr, 8) + IPPROTO_TCP +
			     (uint32_t)sizeof(p.tcp));
	deliver((const uint8_t *)&p, sizeof(p));
}

/* Reset both ends of the connection of a packet whose addresses are exchanged already. */
static void reset_by(const uint8_t *data, size_t len)
{
	struct iphdr ip;
	struct tcphdr tcp;
	size_t head;
	uint32_t answer;

	memcpy(&ip, data, sizeof(ip));
	head = (size_t)ip.ihl * 4;
	if (ip.protocol != IPPROTO_TCP || len < head + sizeof(tcp))
		return;
	memcpy(&tcp, data + head, sizeof(tcp));
	if (tcp.rst)
		return;
	/* To the one who sent it: seen from there, the packet went to saddr. */
	answer = htonl(ntohl(tcp.seq) + (uint32_t)(len - head - (size_t)tcp.doff * 4) + tcp.syn +
		       tcp.fin);
	send_reset(ip.saddr, ip.daddr, tcp.dest, tcp.source, tcp.ack ? tcp.ack_seq : 0,
		   tcp.ack ? NULL : &answer);
	/* To the one it would have come to. */
	if (!tcp.syn)
		send_reset(ip.saddr, ip.daddr, tcp.source, tcp.dest, tcp.seq, NULL);
}

/* Has what "reset" or "silence" waits for come? */
static bool is_time(size_t len)
{
	if (begun)
		return true;
	if (len < bytes_left) {
		bytes_left -= len;
		return false;
	}
	begun = true;
	fputs("now\n", stderr);
	return true;
}

static void take(void)
{
	struct packet *p = &queue[(first + queued) % QUEUE];
	ssize_t n = read(tun, p->data, sizeof(p->data));
	uint8_t address[4];

	if (n < (ssize_t)sizeof(struct iphdr) || p->data[0] >> 4 != 4)
		return;
	memcpy(address, p->data + 12, 4);
	memmove(p->data + 12, p->data + 16, 4);
	memcpy(p->data + 16, address, 4);
	p->len = (size_t)n;
	if (mode == RESET && is_time(p->len)) {
		reset_by(p->data, p->len);
		return;
	}
	if ((mode == SILENCE && is_time(p->len)) || (mode == LOSS && lost_by_chance())) {
		lost++;
		return;
	}
	p->due_ms = now_ms() + (mode == LOSS ? (int64_t)delay_ms : 0);
	if (queued < QUEUE - 1)
		queued++;
}

/* Deliver what is due; how long until the next one is, or -1. */
static int deliver_due(void)
{
	while (queued) {
		int64_t left = queue[first].due_ms - now_ms();

		if (left > 0)
			return (int)left;
		deliver(queue[first].data, queue[first].len);
		first = (first + 1) % QUEUE;
		queued--;
	}
	return -1;
}

static int obey(const char *line)
{
	begun = false;
	if (strcmp(line, "pass\n") == 0)
		mode = PASS;
	else if (sscanf(line, "loss %lu %lu", &percent, &delay_ms) == 2)
		mode = LOSS;
	else if (sscanf(line, "reset %lu", &bytes_left) == 1)
		mode = RESET;
	else if (sscanf(line, "silence %lu", &bytes_left) == 1)
		mode = SILENCE;
	else
		return 2;
	fprintf(stderr, "lost %lu\nok\n", lost);
	return 0;
}

/* The device with its address; -1: no, and errno. */
static int open_tun(void)
{
	struct ifreq ifr = {.ifr_name = "bad0", .ifr_flags = IFF_TUN | IFF_NO_PI};
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a630001)};
	struct sockaddr_in mask = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xffffff00)};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || s < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0)
		return -1;
	memcpy(&ifr.ifr_addr, &addr, sizeof(addr));
	if (ioctl(s, SIOCSIFADDR, &ifr) < 0)
		return -1;
	memcpy(&ifr.ifr_netmask, &mask, sizeof(mask));
	if (ioctl(s, SIOCSIFNETMASK, &ifr) < 0)
		return -1;
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(s, SIOCSIFFLAGS, &ifr) < 0)
		return -1;
	close(s);
	return fd;
}

int main(void)
{
	char line[64];
	int status = 0;

	tun = open_tun();
	if (tun < 0) {
		fprintf(stderr, "no TUN device: %s\n", strerror(errno));
		return 77;
	}
	setvbuf(stdin, NULL, _IONBF, 0); /* so that poll() knows of each line */
	fputs("ready\n", stderr);
	while (!status) {
		struct pollfd fds[] = {{.fd = tun, .events = POLLIN},
				       {.fd = STDIN_FILENO, .events = POLLIN}};

		if (poll(fds, 2, deliver_due()) < 0 && errno != EINTR)
			return 1;
		if (fds[0].revents)
			take();
		if (fds[1].revents)
			status = fgets(line, sizeof(line), stdin) ? obey(line) : 1;
	}
	return status;
}
