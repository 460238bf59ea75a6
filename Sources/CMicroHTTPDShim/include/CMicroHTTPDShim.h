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
    MicroHTTPDLog on_log;
};

// Starts a daemon in external epoll mode on a listening socket; null if the library refuses.
struct MHD_Daemon *microhttpd_start(const struct MicroHTTPDSettings *settings);

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
