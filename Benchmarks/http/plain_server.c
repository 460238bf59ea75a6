// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors
//
// The yardstick for the HTTP server: libmicrohttpd in plain C, driven by an external loop on one thread, that answers every
// request with the same octets: a response made, given its header fields, queued and released for each.
//
// Usage: plain_server PORT BODY_FILE [NAME VALUE]...

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static char body[1 << 20];
static size_t body_length;
static char **fields;
static int field_count;

static enum MHD_Result answer(
    void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *data, size_t *size, void **request) {
    static int seen;
    (void)context, (void)url, (void)method, (void)version, (void)data;
    // The first call brings the head only; an answer to it would close the connection.
    if (*request == NULL) {
        *request = &seen;
        return MHD_YES;
    }
    if (*size > 0) {
        *size = 0;
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(body_length, body, MHD_RESPMEM_MUST_COPY);
    for (int i = 0; i + 1 < field_count; i += 2) MHD_add_response_header(response, fields[i], fields[i + 1]);
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    FILE *file = fopen(arguments[2], "rb");
    if (!file) return 1;
    body_length = fread(body, 1, sizeof body, file);
    fclose(file);
    fields = arguments + 3;
    field_count = count - 3;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL, (uint16_t)atoi(arguments[1]), NULL, NULL, &answer, NULL, MHD_OPTION_CONNECTION_LIMIT, 4000u,
        MHD_OPTION_CONNECTION_TIMEOUT, 60u, MHD_OPTION_END);
    if (!daemon) return 1;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd descriptor = {.fd = info->epoll_fd, .events = POLLIN};
    for (;;) {
        MHD_UNSIGNED_LONG_LONG limit;
        int wait = 50;
        if (MHD_get_timeout(daemon, &limit) == MHD_YES && limit < 50) wait = (int)limit;
        poll(&descriptor, 1, wait);
        MHD_run(daemon);
    }
}
