/* spread.h - a few of many, evenly spread over them. */
#ifndef GLU_UTIL_SPREAD_H
#define GLU_UTIL_SPREAD_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Which of `all` is number i of `count`, the first among them: i < count <= all. */
static inline size_t spread_at(size_t all, size_t count, size_t i)
{
    assert(i < count && count <= all && all <= UINT32_MAX);
    return (size_t)((uint64_t)i * all / count);
}

#endif
