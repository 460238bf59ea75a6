// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#ifndef COSEM_GATEWAY_CONSOLE_H
#define COSEM_GATEWAY_CONSOLE_H

#include <stddef.h>

/// One file of the web console; in C, because arrays of this length take Swift long to compile.
struct cosem_gateway_console_file {
    /// Its name below `/console/`.
    const char *name;
    /// Its media type.
    const char *type;
    /// Its octets.
    const unsigned char *octets;
    /// How many there are.
    size_t length;
};

/// Every file of the console; the first is the page.
extern const struct cosem_gateway_console_file *const cosem_gateway_console_files;

/// How many files there are.
extern const size_t cosem_gateway_console_file_count;

#endif
