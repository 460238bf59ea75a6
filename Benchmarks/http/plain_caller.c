// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors
//
// The least that waiting for one answer after the other can cost: plain_caller PORT ONCE REPEATED WANTED
// Connects, sends the octets ONCE if there are any and awaits an answer, then keeps the connection. For each number on
// standard input it sends REPEATED so often, each after the answer to the one before, and prints how many nanoseconds
// each took, on one line. Octets are in hexadecimal; an answer is HTTP with Content-Length or a wrapper frame, and has
// WANTED in it, or the program fails. It blocks in recv and decodes nothing.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WRAPPER = 8, LARGEST = 1 << 16 };

struct octets {
    uint8_t at[4096];
    size_t count;
};

static int server;
static char answer[LARGEST + 1];
static size_t filled;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct octets octets(const char *text) {
    struct octets result = {.count = 0};
    unsigned octet;
    for (; result.count < sizeof result.at && sscanf(text, "%2x", &octet) == 1; text += 2) result.at[result.count++] = (uint8_t)octet;
    return result;
}

/// Whether the answer is complete.
static int complete(void) {
    if (filled < WRAPPER) return 0;
    if (memcmp(answer, "HTTP/", 5) != 0) return filled >= WRAPPER + ((size_t)(uint8_t)answer[6] << 8 | (uint8_t)answer[7]);
    answer[filled] = 0;
    char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "\r\nContent-Length:");
    if (!end) return 0;
    if (!length || length > end) fputs("plain_caller: an answer without its length\n", stderr), exit(1);
    return filled >= (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10);
}

static void call(const struct octets *request) {
    if (send(server, request->at, request->count, MSG_NOSIGNAL) != (ssize_t)request->count) fail("send");
    for (filled = 0; !complete();) {
        ssize_t got = recv(server, answer + filled, LARGEST - filled, 0);
        if (got <= 0) fail("recv");
        filled += (size_t)got;
    }
}

int main(int argc, char **argv) {
    if (argc != 5) return fputs("plain_caller PORT ONCE REPEATED WANTED\n", stderr), 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct octets once = octets(argv[2]), repeated = octets(argv[3]), wanted = octets(argv[4]);
    int yes = 1, count;
    server = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(server, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    if (once.count) call(&once);
    while (scanf("%d", &count) == 1) {
        for (int index = 0; index < count; index++) {
            struct timespec start, end;
            clock_gettime(CLOCK_MONOTONIC, &start);
            call(&repeated);
            clock_gettime(CLOCK_MONOTONIC, &end);
            if (!memmem(answer, filled, wanted.at, wanted.count)) {
                fprintf(stderr, "plain_caller: another answer than wanted, %zu octets: %.400s\n", filled, answer);
                return 1;
            }
            printf("%lld ", (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec);
        }
        printf("\n");
        fflush(stdout);
    }
    close(server);
    return 0;
}
