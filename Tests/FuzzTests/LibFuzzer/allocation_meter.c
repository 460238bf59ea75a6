// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors
//
// Counts the octets that are allocated at a time, by standing in front of glibc's allocator.
#include <errno.h>
#include <malloc.h>
#include <stddef.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static __thread ptrdiff_t held, most, start;

static void *taken(void *memory) {
    if (memory) held += (ptrdiff_t)malloc_usable_size(memory);
    if (held > most) most = held;
    return memory;
}

void allocation_meter_begin(void) { start = most = held; }
ptrdiff_t allocation_meter_peak(void) { return most - start; }

void *malloc(size_t size) { return taken(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return taken(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *got = taken(__libc_memalign(alignment, size));
    if (!got) return ENOMEM;
    *memory = got;
    return 0;
}

void *realloc(void *memory, size_t size) {
    size_t before = memory ? malloc_usable_size(memory) : 0;
    void *got = __libc_realloc(memory, size);
    if (got || size == 0) held -= (ptrdiff_t)before;
    return taken(got);
}

void free(void *memory) {
    if (memory) held -= (ptrdiff_t)malloc_usable_size(memory);
    __libc_free(memory);
}
