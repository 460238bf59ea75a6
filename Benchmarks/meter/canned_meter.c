// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors
//
// A meter that has its answers ready: canned_meter PORT ROWS PDU [RECORD]
// Answers over the wrapper on TCP, any number of connections at a time: AARQ without security, GET of attribute 2 of
// a profile (class 7) with ROWS rows (time, status, value) in blocks of at most PDU octets, GET of anything else with one
// number, GET next, release. Nothing is decoded beyond what the next answer depends on. The frames of the first
// connection that sends any are written to the file RECORD as they came.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WRAPPER = 8, BLOCK_HEAD = 12, LARGEST = 1 << 16 };

static uint8_t *profile;
static size_t profile_length, block_length;

static void make_profile(unsigned rows) {
    profile = malloc(4 + (size_t)rows * 23);
    uint8_t *at = profile;
    *at++ = 0x01, *at++ = 0x82, *at++ = rows >> 8, *at++ = rows;
    for (unsigned row = 0; row < rows; row++) {
        unsigned day = 1 + row / 96 % 28, month = 1 + row / 2688 % 12, value = 1000000 + row;
        uint8_t cells[23] = {2, 3, 9, 12, 0x07, 0xEA, month, day, 0xFF, row / 4 % 24, row % 4 * 15, 0, 0, 0xFF, 0xC4, 0,
                             0x11, 0, 6, value >> 24, value >> 16, value >> 8, value};
        memcpy(at, cells, sizeof cells);
        at += sizeof cells;
    }
    profile_length = (size_t)(at - profile);
}

static size_t block(uint8_t *to, uint8_t invoke, uint32_t number) {
    size_t start = (number - 1) * block_length;
    if (number == 0 || start >= profile_length) return 0;
    size_t count = profile_length - start;
    uint8_t last = count <= block_length;
    if (!last) count = block_length;
    uint8_t head[BLOCK_HEAD] = {0xC4, 2, invoke, last, number >> 24, number >> 16, number >> 8, number, 0, 0x82, count >> 8, count};
    memcpy(to, head, sizeof head);
    memcpy(to + sizeof head, profile + start, count);
    return sizeof head + count;
}

struct connection {
    int socket;
    size_t filled;
    uint8_t request[2048];
};

static uint8_t aare[] = {0x61, 0x29, 0xA1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1, 0xA2, 3, 2, 1, 0, 0xA3, 5, 0xA1, 3, 2, 1, 0,
                         0xBE, 0x10, 4, 0x0E, 8, 0, 6, 0x5F, 0x1F, 4, 0, 0x10, 0x10, 0x14, 0, 0, 0, 7};
static const char *record_path;
static FILE *record;
static struct connection *recorded;

/// Writes the answer to an APDU; returns its length, 0 if there is none.
static size_t answer_to(const uint8_t *apdu, uint8_t *to) {
    static const uint8_t rlre[] = {0x63, 3, 0x80, 1, 0};
    if (apdu[0] == 0x60) return memcpy(to, aare, sizeof aare), sizeof aare;
    if (apdu[0] == 0x62) return memcpy(to, rlre, sizeof rlre), sizeof rlre;
    if (apdu[0] != 0xC0) return 0;
    if (apdu[1] == 2) {
        uint32_t number = (uint32_t)apdu[3] << 24 | (uint32_t)apdu[4] << 16 | (uint32_t)apdu[5] << 8 | apdu[6];
        return block(to, apdu[2], number + 1);
    }
    if (apdu[4] == 7) return block(to, apdu[2], 1);
    uint8_t number[] = {0xC4, 1, apdu[2], 0, 6, 0, 0x12, 0xD6, 0x87};
    return memcpy(to, number, sizeof number), sizeof number;
}

/// Reads what has come and answers what is complete; returns 0 when the connection is over.
static int serve(struct connection *connection) {
    static uint8_t answer[LARGEST + WRAPPER];
    uint8_t *request = connection->request;
    ssize_t got = recv(connection->socket, request + connection->filled, sizeof connection->request - connection->filled, 0);
    if (got <= 0) return 0;
    connection->filled += (size_t)got;
    while (connection->filled >= WRAPPER) {
        size_t length = WRAPPER + ((size_t)request[6] << 8 | request[7]);
        if (length > sizeof connection->request) return 0;
        if (connection->filled < length) break;
        if (record_path && !recorded) recorded = connection, record = fopen(record_path, "wb"), setvbuf(record, NULL, _IONBF, 0);
        if (record && connection == recorded) fwrite(request, 1, length, record);
        size_t count = answer_to(request + WRAPPER, answer + WRAPPER);
        if (count == 0) return 0;
        uint8_t head[WRAPPER] = {0, 1, request[4], request[5], request[2], request[3], count >> 8, count};
        memcpy(answer, head, sizeof head);
        if (send(connection->socket, answer, WRAPPER + count, MSG_NOSIGNAL) < 0) return 0;
        memmove(request, request + length, connection->filled -= length);
    }
    return 1;
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5) return fputs("canned_meter PORT ROWS PDU [RECORD]\n", stderr), 2;
    record_path = argc == 5 ? argv[4] : NULL;
    unsigned pdu = (unsigned)atoi(argv[3]);
    aare[sizeof aare - 4] = pdu >> 8, aare[sizeof aare - 3] = pdu;
    block_length = pdu - BLOCK_HEAD;
    make_profile((unsigned)atoi(argv[2]));
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit), limit.rlim_cur = limit.rlim_max, setrlimit(RLIMIT_NOFILE, &limit);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1, loop = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0) return perror("listen"), 1;
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL}, ready[256];
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &wanted);
    for (;;) {
        int count = epoll_wait(loop, ready, 256, -1);
        for (int index = 0; index < count; index++) {
            struct connection *connection = ready[index].data.ptr;
            if (connection) {
                if (serve(connection)) continue;
                if (record && connection == recorded) fclose(record), record = NULL, record_path = NULL;
                close(connection->socket), free(connection);
                continue;
            }
            int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (client < 0) continue;
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            connection = calloc(1, sizeof *connection), connection->socket = client;
            wanted.data.ptr = connection;
            epoll_ctl(loop, EPOLL_CTL_ADD, client, &wanted);
        }
    }
}
