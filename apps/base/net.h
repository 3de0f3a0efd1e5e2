/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.h - TCP over IPv4 and IPv6: listen, accept, connect, name a peer. */
#ifndef APPS_BASE_NET_H
#define APPS_BASE_NET_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Longest result of net_peer_name(): "[v6%scope]:port" and the 0. */
#define NET_NAME_SIZE 96

/**
 * struct net_error - which step of net_listen() or net_connect() failed, and how
 * @step: a verb phrase such as "resolve the address", for a message
 * @reason: text of the error
 */
struct net_error {
	const char *step;
	const char *reason;
};

/**
 * net_listen() - a listening TCP socket, non-blocking, address reuse on
 * @family: AF_UNSPEC, AF_INET or AF_INET6
 * @host: address or name to bind, or NULL for any. With AF_UNSPEC and NULL the socket
 *	takes IPv6 and IPv4, or just IPv4 where there is no IPv6
 * @port: port, or 0 to let the system choose
 * @ret_port: the port that was bound
 * @why: set on failure
 *
 * Return: descriptor, or negative errno (-ENOENT for a name that does not resolve)
 */
int net_listen(int family, const char *host, uint16_t port, uint16_t *ret_port,
	       struct net_error *why);

/**
 * net_accept() - wait for a client and take it
 * @listener: from net_listen()
 * @peer: the client's address
 * @peer_len: in: room at @peer, out: its length
 *
 * Return: connected, non-blocking descriptor; -EINTR on a stop signal; another
 * negative errno
 */
int net_accept(int listener, struct sockaddr_storage *peer, socklen_t *peer_len);

/**
 * net_connect() - connect to the first address of a name that answers
 * @family: AF_UNSPEC, AF_INET or AF_INET6
 * @host: name or address; an IPv6 address may be in brackets
 * @port: port
 * @why: set on failure: of the last address tried
 *
 * Return: connected, non-blocking descriptor; -EINTR on a stop signal; -ENOENT for a
 * name that does not resolve; another negative errno
 */
int net_connect(int family, const char *host, uint16_t port, struct net_error *why);

/**
 * net_resolve() - the addresses of a name, for net_start()
 * @ret: list, freed with freeaddrinfo()
 *
 * The other arguments and errors are those of net_connect().
 */
int net_resolve(int family, const char *host, uint16_t port, struct addrinfo **ret,
		struct net_error *why);

/**
 * net_lookup_begin() - as net_resolve(), but without waiting
 *
 * Return: for net_lookup_done(), or NULL: it cannot be begun
 */
struct net_lookup *net_lookup_begin(int family, const char *host, uint16_t port);

/**
 * net_lookup_done() - has a look-up ended? Then it is freed
 * @ret: list, freed with freeaddrinfo(); NULL: nothing was found
 */
bool net_lookup_done(struct net_lookup *l, struct addrinfo **ret);

/**
 * net_start() - begin to connect to one address, without waiting
 *
 * The socket becomes writable when that has succeeded or failed; SO_ERROR tells.
 *
 * Return: non-blocking descriptor or negative errno
 */
int net_start(const struct addrinfo *ai);

/** net_take() - as net_accept(), but -EAGAIN if nobody is there */
int net_take(int listener, struct sockaddr_storage *peer, socklen_t *peer_len);

/**
 * net_peer_name() - "A.B.C.D:PORT" or "[IPv6]:PORT"
 * @addr: address; IPv4 mapped into IPv6 is shown as IPv4
 * @len: its length
 * @name: the text, NET_NAME_SIZE bytes
 */
void net_peer_name(const struct sockaddr_storage *addr, socklen_t len, char *name);

#endif /* APPS_BASE_NET_H */
