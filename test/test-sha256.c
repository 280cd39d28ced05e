/* test-sha256.c - SHA-256 against published digests, and cut up in every way. */
#include "src/glu.h"

#include "src/util/sha256.h"
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

int main(void)
{
    enum { MILLION = 1000000, LONGEST = 200 };
    char hex[SHA256_HEX_BYTES], whole[SHA256_HEX_BYTES];
    char *text = malloc(MILLION);
    struct sha256 sha;
    bool same = true;

    tap_plan((int)LENGTH_OF(vectors) + 3);
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
    free(text);
    return tap_status();
}
