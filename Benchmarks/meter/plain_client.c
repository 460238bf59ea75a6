// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors
//
// The least that a client of meters can cost: plain_client PORT FRAMES PARALLEL SESSIONS
// Plays the wrapper frames in the file FRAMES over SESSIONS connections, PARALLEL at a time, each frame after the answer
// to the one before, then closes. Nothing is decoded. Prints the CPU time of a session in seconds, the kernel's share
// of it, and how long a session took of the whole.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { WRAPPER = 8, MOST_FRAMES = 4096 };

struct session {
    int socket, frame;
    size_t filled;
    uint8_t answer[2048];
};

static uint8_t *frames;
static size_t starts[MOST_FRAMES + 1];
static int frame_count, loop;
static struct sockaddr_in meter = {.sin_family = AF_INET};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    frames = malloc(1 << 20);
    size_t length = fread(frames, 1, 1 << 20, file);
    fclose(file);
    while (frame_count < MOST_FRAMES && starts[frame_count] + WRAPPER <= length) {
        uint8_t *head = frames + starts[frame_count];
        starts[frame_count + 1] = starts[frame_count] + WRAPPER + ((size_t)head[6] << 8 | head[7]);
        frame_count++;
    }
}

static void begin(struct session *session) {
    int yes = 1;
    session->frame = -1, session->filled = 0;
    session->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (session->socket < 0) fail("socket");
    setsockopt(session->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(session->socket, (struct sockaddr *)&meter, sizeof meter) != 0 && errno != EINPROGRESS) fail("connect");
    struct epoll_event wanted = {.events = EPOLLOUT, .data.ptr = session};
    epoll_ctl(loop, EPOLL_CTL_ADD, session->socket, &wanted);
}

static void send_next(struct session *session) {
    int frame = ++session->frame;
    size_t length = starts[frame + 1] - starts[frame];
    if (send(session->socket, frames + starts[frame], length, MSG_NOSIGNAL) != (ssize_t)length) fail("send");
}

/// Goes on with a session that is ready; returns whether it is over.
static int advance(struct session *session) {
    if (session->frame < 0) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = session};
        epoll_ctl(loop, EPOLL_CTL_MOD, session->socket, &wanted);
        send_next(session);
        return 0;
    }
    ssize_t got = recv(session->socket, session->answer + session->filled, sizeof session->answer - session->filled, 0);
    if (got <= 0) fail("recv");
    session->filled += (size_t)got;
    if (session->filled < WRAPPER || session->filled < WRAPPER + ((size_t)session->answer[6] << 8 | session->answer[7])) return 0;
    session->filled = 0;
    if (session->frame + 1 < frame_count) return send_next(session), 0;
    close(session->socket);
    return 1;
}

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv) {
    if (argc != 5) return fputs("plain_client PORT FRAMES PARALLEL SESSIONS\n", stderr), 2;
    meter.sin_port = htons((uint16_t)atoi(argv[1])), meter.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load(argv[2]);
    int parallel = atoi(argv[3]), sessions = atoi(argv[4]), open = 0, begun = 0;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit), limit.rlim_cur = limit.rlim_max, setrlimit(RLIMIT_NOFILE, &limit);
    loop = epoll_create1(0);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct session *all = calloc((size_t)parallel, sizeof *all);
    for (; open < parallel && begun < sessions; open++, begun++) begin(all + open);
    struct epoll_event ready[256];
    while (open > 0) {
        int count = epoll_wait(loop, ready, 256, -1);
        for (int index = 0; index < count; index++) {
            struct session *session = ready[index].data.ptr;
            if (!advance(session)) continue;
            if (begun < sessions) begun++, begin(session);
            else open--;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double kernel = seconds(usage.ru_stime), cpu = kernel + seconds(usage.ru_utime);
    double whole = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%.9f %.9f %.9f\n", cpu / sessions, kernel / sessions, whole / sessions);
    return 0;
}
