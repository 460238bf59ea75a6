// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors
//
// A meter that has its answers ready: canned_meter PORT ROWS PDU
// Answers over the wrapper on TCP, one connection after the other: AARQ without security, GET of any attribute 2 with
// a profile of ROWS rows (time, status, value) in blocks of at most PDU octets, GET next, release. Nothing is decoded
// beyond what the next answer depends on.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static int read_all(int socket, uint8_t *to, size_t count) {
    while (count > 0) {
        ssize_t got = recv(socket, to, count, 0);
        if (got <= 0) return 0;
        to += got, count -= (size_t)got;
    }
    return 1;
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

static void serve(int socket, unsigned pdu) {
    static uint8_t request[LARGEST + WRAPPER], answer[LARGEST + WRAPPER];
    uint8_t aare[] = {0x61, 0x29, 0xA1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1, 0xA2, 3, 2, 1, 0, 0xA3, 5, 0xA1, 3, 2, 1, 0,
                      0xBE, 0x10, 4, 0x0E, 8, 0, 6, 0x5F, 0x1F, 4, 0, 0, 0x10, 0x14, pdu >> 8, pdu, 0, 7};
    aare[36] = 0x10; // block transfer with get
    static const uint8_t rlre[] = {0x63, 3, 0x80, 1, 0};
    while (read_all(socket, request, WRAPPER)) {
        size_t length = (size_t)request[6] << 8 | request[7], count = 0;
        uint8_t *apdu = request + WRAPPER;
        if (!read_all(socket, apdu, length)) return;
        if (apdu[0] == 0x60) {
            memcpy(answer + WRAPPER, aare, count = sizeof aare);
        } else if (apdu[0] == 0xC0 && apdu[1] == 1) {
            count = block(answer + WRAPPER, apdu[2], 1);
        } else if (apdu[0] == 0xC0 && apdu[1] == 2) {
            uint32_t number = (uint32_t)apdu[3] << 24 | (uint32_t)apdu[4] << 16 | (uint32_t)apdu[5] << 8 | apdu[6];
            count = block(answer + WRAPPER, apdu[2], number + 1);
        } else if (apdu[0] == 0x62) {
            memcpy(answer + WRAPPER, rlre, count = sizeof rlre);
        }
        if (count == 0) return;
        uint8_t head[WRAPPER] = {0, 1, request[4], request[5], request[2], request[3], count >> 8, count};
        memcpy(answer, head, sizeof head);
        if (send(socket, answer, WRAPPER + count, MSG_NOSIGNAL) < 0) return;
    }
}

int main(int argc, char **argv) {
    if (argc != 4) return fputs("canned_meter PORT ROWS PDU\n", stderr), 2;
    unsigned pdu = (unsigned)atoi(argv[3]);
    block_length = pdu - BLOCK_HEAD;
    make_profile((unsigned)atoi(argv[2]));
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0) return perror("listen"), 1;
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        serve(client, pdu);
        close(client);
    }
}
