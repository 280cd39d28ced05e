/* test-sha256.c - SHA-256 against published digests, and cut up in every way. */
#include "src/glu.h"

#include "src/util/rng.h"
#include "src/util/sha256.h"
#include "src/util/sha256_blocks.h"
#include "test/tap.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *hex;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopq"
     "rsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void hash(const void *data, size_t bytes, size_t piece, char hex[SHA256_HEX_BYTES])
{
    const char *from = data;
    struct sha256 sha;

    sha256_start(&sha);
    for (size_t done = 0; done < bytes; done += piece)
        sha256_add(&sha, from + done, bytes - done < piece ? bytes - done : piece);
    sha256_finish_hex(&sha, hex);
}

/* The CPU's instructions do what the plain code does, from any state, at any address. */
static void test_native(void)
{
    enum { BLOCKS = 40 };
    sha256_blocks_fn *native = sha256_blocks_native();
    uint8_t data[(BLOCKS + 1) * SHA256_BLOCK_BYTES];
    int wrong = 0;
    struct rng rng;

    if (!native) {
        tap_skip(1, "this CPU has no instructions for SHA-256");
        return;
    }
    rng_start(&rng, 1, RNG_TEST, 0);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)rng_below(&rng, 256);
    for (size_t round = 0; round < 64 * BLOCKS; round++) {
        uint32_t plain_state[8], native_state[8];

        for (int i = 0; i < 8; i++)
            plain_state[i] = native_state[i] = rng_u32(&rng);
        sha256_blocks_plain(plain_state, data + round % 64, round / 64);
        native(native_state, data + round % 64, round / 64);
        wrong += memcmp(plain_state, native_state, sizeof plain_state) != 0;
    }
    tap_ok(wrong == 0, "the CPU's instructions for it give the same");
}

int main(void)
{
    enum { MILLION = 1000000, LONGEST = 200 };
    char hex[SHA256_HEX_BYTES], whole[SHA256_HEX_BYTES];
    char *text = malloc(MILLION);
    struct sha256 sha;
    bool same = true;

    tap_plan((int)LENGTH_OF(vectors) + 4);
    if (!text)
        tap_bail_out("no memory");
    for (size_t i = 0; i < LENGTH_OF(vectors); i++) {
        size_t bytes = strlen(vectors[i].text);

        hash(vectors[i].text, bytes, bytes + 1, hex);
        tap_ok(strcmp(hex, vectors[i].hex) == 0, "FIPS 180 example of %zu bytes", bytes);
    }
    memset(text, 'a', MILLION);
    hash(text, MILLION, 977, hex);
    tap_ok(strcmp(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0") == 0,
           "FIPS 180 example of a million bytes");

    for (size_t bytes = 0; bytes <= LONGEST; bytes++) {
        hash(text, bytes, LONGEST + 1, whole);
        for (size_t piece = 1; piece <= bytes; piece++) {
            hash(text, bytes, piece, hex);
            same = same && strcmp(hex, whole) == 0;
        }
    }
    tap_ok(same, "the digest does not depend on how the bytes are cut");

    sha256_start(&sha);
    sha256_add(&sha, NULL, 0);
    sha256_finish_hex(&sha, hex);
    tap_ok(strcmp(hex, vectors[0].hex) == 0, "nothing may be NULL");
    test_native();
    free(text);
    return tap_status();
}
