/* SPDX-License-Identifier: Apache-2.0
 * The rows of StoreBenchmark, inserted by a plain C program: with the SQLite API, or with COPY by libpq.
 *
 * Usage: plain_rows URL COUNT BATCH; prints the seconds that inserting took. */
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS "meter_id, series, at, number, quality, content"
#define TABLE(text) "CREATE TABLE samples (meter_id " text " NOT NULL, series BIGINT NOT NULL, at BIGINT NOT NULL, " \
    "number BIGINT, quality BIGINT NOT NULL, content TEXT, PRIMARY KEY (meter_id, series, at))"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "plain_rows: %s\n", what);
    exit(1);
}

static sqlite3 *file;

static void run(const char *sql) {
    if (sqlite3_exec(file, sql, NULL, NULL, NULL) != SQLITE_OK) fail(sqlite3_errmsg(file));
}

static double into_sqlite(const char *path, long count, long batch) {
    if (sqlite3_open(path, &file) != SQLITE_OK) fail("cannot open the file");
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = FULL");
    run(TABLE("TEXT") " WITHOUT ROWID");
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(file, "INSERT INTO samples (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)", -1, &statement, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(file));
    double begin = now();
    for (long row = 0; row < count; row++) {
        char meter[32];
        if (row % batch == 0) run("BEGIN IMMEDIATE");
        int length = snprintf(meter, sizeof meter, "METER-%ld", 1000000 + row / 1000);
        sqlite3_bind_text(statement, 1, meter, length, SQLITE_TRANSIENT);
        sqlite3_bind_int64(statement, 2, 1);
        sqlite3_bind_int64(statement, 3, 1800000000000000 + row % 1000 * 900000000);
        sqlite3_bind_int64(statement, 4, row * 7);
        sqlite3_bind_int64(statement, 5, 0);
        sqlite3_bind_null(statement, 6);
        if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_errmsg(file));
        sqlite3_reset(statement);
        if (row % batch == batch - 1 || row == count - 1) run("COMMIT");
    }
    double taken = now() - begin;
    sqlite3_finalize(statement);
    sqlite3_close(file);
    return taken;
}

static PGconn *server;

static void command(const char *sql, ExecStatusType expected) {
    PGresult *result = PQexec(server, sql);
    if (PQresultStatus(result) != expected) fail(PQerrorMessage(server));
    PQclear(result);
}

static double into_postgresql(const char *url, long count, long batch) {
    server = PQconnectdb(url);
    if (PQstatus(server) != CONNECTION_OK) fail("cannot connect");
    command(TABLE("TEXT COLLATE \"C\""), PGRES_COMMAND_OK);
    char *buffer = malloc(65536 + 256);
    double begin = now();
    for (long first = 0; first < count; first += batch) {
        size_t length = 0;
        command("BEGIN", PGRES_COMMAND_OK);
        command("COPY samples (" COLUMNS ") FROM STDIN", PGRES_COPY_IN);
        for (long row = first; row < first + batch && row < count; row++) {
            length += sprintf(buffer + length, "METER-%ld\t1\t%ld\t%ld\t0\t\\N\n", 1000000 + row / 1000,
                1800000000000000 + row % 1000 * 900000000, row * 7);
            if (length > 65536 - 256) {
                if (PQputCopyData(server, buffer, (int)length) != 1) fail(PQerrorMessage(server));
                length = 0;
            }
        }
        if (PQputCopyData(server, buffer, (int)length) != 1 || PQputCopyEnd(server, NULL) != 1) fail(PQerrorMessage(server));
        PGresult *result = PQgetResult(server);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(PQerrorMessage(server));
        PQclear(result);
        while ((result = PQgetResult(server))) PQclear(result);
        command("COMMIT", PGRES_COMMAND_OK);
    }
    double taken = now() - begin;
    free(buffer);
    PQfinish(server);
    return taken;
}

int main(int count, char **words) {
    if (count != 4) fail("usage: plain_rows URL COUNT BATCH");
    long rows = atol(words[2]), batch = atol(words[3]);
    double taken = strncmp(words[1], "sqlite://", 9) == 0
        ? into_sqlite(words[1] + 9, rows, batch) : into_postgresql(words[1], rows, batch);
    printf("%.4f\n", taken);
    return 0;
}
