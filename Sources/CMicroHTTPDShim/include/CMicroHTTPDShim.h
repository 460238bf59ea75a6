// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

// What Swift cannot call of libmicrohttpd: variadic functions, cast macros and anonymous enumerations.
#pragma once

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

// Takes one message of the library, without its line end.
typedef void (*MicroHTTPDLog)(void *context, const char *message);

// Called with the raw target as soon as the request line is read; the result becomes the request's context.
typedef void *(*MicroHTTPDTarget)(void *context, const char *target, struct MHD_Connection *connection);

// Everything that one daemon is started with. All callbacks get `context` first.
struct MicroHTTPDSettings {
    int listening_socket;
    unsigned int connection_limit;
    unsigned int connections_per_address;
    unsigned int idle_timeout_seconds;
    size_t memory_per_connection;
    void *context;
    MHD_AccessHandlerCallback on_request;
    MHD_RequestCompletedCallback on_completed;
    MHD_NotifyConnectionCallback on_connection;
    MicroHTTPDTarget on_target;
    // Whether connections speak TLS; each has to be given an identity when it is opened.
    int uses_tls;
    MicroHTTPDLog on_log;
};

// Starts a daemon in external epoll mode on a listening socket; null if the library refuses.
struct MHD_Daemon *microhttpd_start(const struct MicroHTTPDSettings *settings);

// A text that need not end in a zero.
struct MicroHTTPDText {
    const void *start;
    size_t length;
};

// Who a server says that it is, and whose clients it knows. It is not changed after it was made; any thread may use it.
struct MicroHTTPDIdentity;

enum MicroHTTPDIdentityFault {
    microhttpd_identity_usable,
    microhttpd_chain_unreadable,
    microhttpd_key_unreadable,
    microhttpd_key_encrypted,
    microhttpd_key_of_another,
    microhttpd_authorities_unreadable,
    microhttpd_identity_failed,
};

// Makes an identity of a certificate with those between it and its authority, its private key, and the authorities of clients, all
// PEM; without authorities clients are asked for no certificate. Null, and why, if they cannot be used.
struct MicroHTTPDIdentity *microhttpd_identity(struct MicroHTTPDText chain, struct MicroHTTPDText key,
                                               const struct MicroHTTPDText *authorities, enum MicroHTTPDIdentityFault *fault);

// When the server's certificate ends, in seconds since 1970.
int64_t microhttpd_identity_end(const struct MicroHTTPDIdentity *identity);

// Frees an identity; not before the last connection that was given it is closed.
void microhttpd_identity_free(struct MicroHTTPDIdentity *identity);

// Gives a connection that was just opened its identity; 0 if it cannot have it.
int microhttpd_use_identity(struct MHD_Connection *connection, const struct MicroHTTPDIdentity *identity);

enum MicroHTTPDClient {
    microhttpd_client_shows_none,
    microhttpd_client_named,
    microhttpd_client_not_trusted,
    microhttpd_client_out_of_date,
    microhttpd_client_of_other_purpose,
    microhttpd_client_without_name,
};

// Judges the certificate that the client of a connection showed. With names, writes them with blanks between
// them (DNS names, URIs and mail addresses, or without any the common name), and when the certificate ends, in seconds since 1970.
enum MicroHTTPDClient microhttpd_client(struct MHD_Connection *connection, char *names, size_t capacity, int64_t *end);

// The descriptor to wait on for the daemon, -1 if there is none.
int microhttpd_epoll_descriptor(struct MHD_Daemon *daemon);

// The socket of a connection, -1 if there is none.
int microhttpd_socket(struct MHD_Connection *connection);

// What on_connection stored for a connection.
void *microhttpd_connection_context(struct MHD_Connection *connection);

// A response with a copy of the body.
struct MHD_Response *microhttpd_response(const void *body, size_t length);

// A response of unknown length read by a callback.
struct MHD_Response *microhttpd_streamed_response(
    MHD_ContentReaderCallback read, MHD_ContentReaderFreeCallback done, void *context);

// A descriptor that other threads write to in order to end a wait; -1 and errno if there is none.
int microhttpd_wake_descriptor(void);

// How many milliseconds ago the socket received data, -1 if unknown.
int64_t microhttpd_milliseconds_since_data(int socket);

// How many octets wait to be read from the socket.
int microhttpd_unread_octets(int socket);

// Whether the socket has ever received data.
int microhttpd_has_received_data(int socket);

extern const ssize_t microhttpd_stream_ended;
extern const ssize_t microhttpd_stream_failed;
extern const short microhttpd_poll_peer_closed;
