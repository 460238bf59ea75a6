// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#define _GNU_SOURCE
#include "CMicroHTTPDShim.h"

#include "identity.h"

#include <netinet/in.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void log_message(void *argument, const char *format, va_list values) {
    const struct MicroHTTPDSettings *settings = argument;
    char message[512];
    vsnprintf(message, sizeof message, format, values);
    message[strcspn(message, "\r\n")] = 0;
    settings->on_log(settings->context, message);
}

// The target is unescaped by the router, segment by segment; the library's own attempt is only in the way.
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

struct MHD_Daemon *microhttpd_start(const struct MicroHTTPDSettings *settings) {
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)&microhttpd_no_certificate},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned int mode = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (settings->uses_tls) mode |= MHD_USE_TLS;
    return MHD_start_daemon(
        mode, 0, NULL, NULL, settings->on_request, settings->context,
        MHD_OPTION_EXTERNAL_LOGGER, &log_message, (void *)settings,
        MHD_OPTION_LISTEN_SOCKET, settings->listening_socket,
        MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, settings->connections_per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_timeout_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->memory_per_connection,
        MHD_OPTION_NOTIFY_COMPLETED, settings->on_completed, settings->context,
        MHD_OPTION_NOTIFY_CONNECTION, settings->on_connection, settings->context,
        MHD_OPTION_URI_LOG_CALLBACK, settings->on_target, settings->context,
        MHD_OPTION_UNESCAPE_CALLBACK, &keep_escapes, NULL,
        MHD_OPTION_ARRAY, settings->uses_tls ? tls : none,
        MHD_OPTION_END);
}

int microhttpd_epoll_descriptor(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info ? info->epoll_fd : -1;
}

int microhttpd_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

void *microhttpd_connection_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

struct MHD_Response *microhttpd_response(const void *body, size_t length) {
    return MHD_create_response_from_buffer(length, (void *)body, MHD_RESPMEM_MUST_COPY);
}

struct MHD_Response *microhttpd_streamed_response(
    MHD_ContentReaderCallback read, MHD_ContentReaderFreeCallback done, void *context) {
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 * 1024, read, context, done);
}

int microhttpd_wake_descriptor(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

int64_t microhttpd_milliseconds_since_data(int socket) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return -1;
    return info.tcpi_last_data_recv;
}

int microhttpd_unread_octets(int socket) {
    int count = 0;
    return ioctl(socket, FIONREAD, &count) == 0 ? count : 0;
}

int microhttpd_has_received_data(int socket) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_bytes_received > 0;
}

const ssize_t microhttpd_stream_ended = MHD_CONTENT_READER_END_OF_STREAM;
const ssize_t microhttpd_stream_failed = MHD_CONTENT_READER_END_WITH_ERROR;
const short microhttpd_poll_peer_closed = POLLRDHUP;
