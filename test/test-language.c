/* test-language.c - the built-in language: what its header promises. */
#include "src/glu.h"

#include "src/text/language.h"
#include "src/util/utf8.h"
#include "src/util/clock.h"
#include "test/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENTS = 400 };

/* Bits per byte of an order-n model that knows the text's own counts, n = 0 or 1. */
static double entropy_bits(const char *text, size_t bytes, int order)
{
    static double count[256][256], total[256];
    double bits = 0.0;

    memset(count, 0, sizeof count);
    memset(total, 0, sizeof total);
    for (size_t i = 1; i < bytes; i++) {
        int before = order ? (unsigned char)text[i - 1] : 0;

        count[before][(unsigned char)text[i]]++;
        total[before]++;
    }
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++)
            if (count[a][b] > 0.0)
                bits -= count[a][b] * log2(count[a][b] / total[a]);
    return bits / (double)(bytes - 1);
}

/* Every sum in the text is right, and there are some. */
static int sums(const char *text, int *wrong)
{
    int found = 0;

    for (const char *plus = text; (plus = strstr(plus, " + ")); plus++) {
        const char *first = plus;
        unsigned long a, b, c;
        char *end;

        while (first > text && first[-1] >= '0' && first[-1] <= '9')
            first--;
        a = strtoul(first, NULL, 10);
        b = strtoul(plus + 3, &end, 10);
        c = strncmp(end, " = ", 3) == 0 ? strtoul(end + 3, NULL, 10) : 0;
        *wrong += a + b != c;
        found++;
    }
    return found;
}

/* What `introduction` introduces was said before in the document. */
static int repetitions(const char *text, const char *introduction, int *wrong)
{
    int found = 0;

    for (const char *at = text; (at = strstr(at, introduction)); at++) {
        const char *open = strchr(at, '"'), *close = open ? strchr(open + 1, '"') : NULL;
        char quote[512];

        if (!close || (size_t)(close - open) + 1 >= sizeof quote) {
            (*wrong)++;
            continue;
        }
        memcpy(quote, open, (size_t)(close - open) + 1);
        quote[close - open + 1] = '\0';
        *wrong += strstr(text, quote) >= open;
        found++;
    }
    return found;
}

int main(void)
{
    char *all = malloc((size_t)DOCUMENTS * (LANGUAGE_DOCUMENT_BYTES + 1));
    char text[LANGUAGE_DOCUMENT_BYTES + 1], again[LANGUAGE_DOCUMENT_BYTES + 1];
    char hex[SHA256_HEX_BYTES], hex_again[SHA256_HEX_BYTES];
    struct language *language, *second;
    size_t used = 0, longest = 0, shortest = SIZE_MAX, bytes;
    int sum_count = 0, wrong_sums = 0, quote_count = 0, wrong_quotes = 0;
    bool clean = true, repeatable = true, apart = true;
    double start, order0, order1;

    tap_plan(9);
    if (!all || language_create(&language) || language_create(&second))
        tap_bail_out("no language");
    start = clock_now_s();
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        bytes = language_write(language, 1, RNG_LANGUAGE, i, text);
        text[bytes] = '\0';
        clean = clean && utf8_valid_bytes(text, bytes) == bytes && !strstr(text, "  ") &&
                text[bytes - 1] == '.' && !(text[0] >= 'a' && text[0] <= 'z');
        sum_count += sums(text, &wrong_sums);
        quote_count += repetitions(text, " mimi", &wrong_quotes);
        quote_count += repetitions(text, " dodo", &wrong_quotes);
        memcpy(all + used, text, bytes);
        used += bytes;
        longest = bytes > longest ? bytes : longest;
        shortest = bytes < shortest ? bytes : shortest;
        repeatable = repeatable && language_write(second, 1, RNG_LANGUAGE, i, again) == bytes &&
                     memcmp(text, again, bytes) == 0;
        apart = apart && (language_write(second, 1, RNG_HELDOUT, i, again) != bytes ||
                          memcmp(text, again, bytes) != 0);
        apart = apart && (language_write(second, 2, RNG_LANGUAGE, i, again) != bytes ||
                          memcmp(text, again, bytes) != 0);
    }
    tap_diag("%zu bytes in %.3f s, with three more times as many to compare", used,
             clock_now_s() - start);
    tap_ok(longest <= LANGUAGE_DOCUMENT_BYTES && shortest >= 100, "documents of %zu to %zu bytes",
           shortest, longest);
    tap_ok(clean, "sentences are clean");
    tap_ok(repeatable, "a document is a function of seed, purpose and number");
    tap_ok(apart, "other seeds and purposes give other documents");
    tap_ok(sum_count > 50 && wrong_sums == 0, "%d sums are right", sum_count);
    tap_ok(quote_count > 50 && wrong_quotes == 0, "%d repetitions are word for word", quote_count);

    order0 = entropy_bits(all, used, 0);
    order1 = entropy_bits(all, used, 1);
    tap_ok(order0 > 3.8 && order0 < 5.0, "%.3f bits a byte by letter frequency", order0);
    tap_ok(order1 > 1.5 && order1 < 0.55 * order0, "%.3f bits a byte given the letter before",
           order1);
    tap_ok(language_checksum(hex) == 0 && language_checksum(hex_again) == 0 &&
               strcmp(hex, hex_again) == 0,
           "checksum %.16s...", hex);
    language_destroy(language);
    language_destroy(second);
    free(all);
    return tap_status();
}
