/* sha256.h - the checksum of corpora, states and weights: SHA-256 (FIPS 180-4). */
#ifndef GLU_UTIL_SHA256_H
#define GLU_UTIL_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX_BYTES = 65 }; /* the digest; as text with its final NUL */

struct sha256 {
    uint32_t state[8];
    uint64_t length_bytes; /* taken so far */
    uint8_t block[64];     /* the first length_bytes % 64 are waiting */
};

void sha256_start(struct sha256 *sha);
/* Append `bytes` bytes; data may be NULL when bytes is 0. */
void sha256_add(struct sha256 *sha, const void *data, size_t bytes);
/* The digest; sha256_start() it before using it again. */
void sha256_finish(struct sha256 *sha, uint8_t digest[SHA256_BYTES]);
/* As sha256_finish(), in lower-case hexadecimal. */
void sha256_finish_hex(struct sha256 *sha, char hex[SHA256_HEX_BYTES]);

#endif
