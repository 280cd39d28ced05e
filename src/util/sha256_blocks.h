/* sha256_blocks.h - what sha256.c does with whole blocks, and its two ways of doing it. */
#ifndef GLU_UTIL_SHA256_BLOCKS_H
#define GLU_UTIL_SHA256_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK_BYTES = 64, SHA256_ROUNDS = 64 };

extern const uint32_t sha256_round_constants[SHA256_ROUNDS];

/* Take `blocks` blocks of SHA256_BLOCK_BYTES bytes into the state. */
typedef void sha256_blocks_fn(uint32_t state[8], const uint8_t *data, size_t blocks);

sha256_blocks_fn sha256_blocks_plain;
/* The same by this CPU's instructions for it, five times as fast; NULL when it has none. */
sha256_blocks_fn *sha256_blocks_native(void);

#endif
