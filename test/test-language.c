/* test-language.c - the built-in language: what its header promises. */
#include "src/glu.h"

#include "src/text/language.h"
#include "src/util/clock.h"
#include "test/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LETTERS = sizeof LANGUAGE_LETTERS - 1,
    DOCUMENTS = 4000,
    BANDS = 20,
    OWN = LANGUAGE_DOCUMENT_TOPICS
};

/* The share of a rank, from 0, of `count`, that is 1 / (rank + flat)^power of the whole. */
static double share(int rank, int count, double flat, double power)
{
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += pow(i + flat, -power);
    return pow(rank + flat, -power) / sum;
}

/* What was counted and what is expected, in standard deviations; the variance of a share is added
 * with every draw. */
struct tally {
    double seen, expected, variance;
};

static void tally_add(struct tally *tally, double seen, double draws, double p)
{
    tally->seen += seen;
    tally->expected += draws * p;
    tally->variance += draws * p * (1 - p);
}

/* The one of `count` that is furthest off; 4.5 deviations are met once in 150,000 times. */
static void expect_near(const struct tally *tallies, int count, const char *what)
{
    double worst = 0;
    int which = 0;

    for (int i = 0; i < count; i++) {
        double off = fabs(tallies[i].seen - tallies[i].expected) / sqrt(tallies[i].variance);

        if (!(off <= worst)) { /* a NaN too */
            worst = off;
            which = i;
        }
    }
    tap_ok(worst < 4.5, "%s: number %d of %d is furthest, %.0f of %.0f, %.2f standard deviations off",
           what, which, count, tallies[which].seen, tallies[which].expected, worst);
}

/* The band of a rank: 0, 1, 2 and 3, 4 to 7 and so on. */
static int band(int rank)
{
    int band = 0;

    while (rank >> band)
        band++;
    return band;
}

/* ==== Topics ==== */

static void test_topics(const struct language *language)
{
    enum { DRAWS = 50000 };
    static double seen[OWN][BANDS];
    struct tally tallies[OWN * BANDS + 1] = {{0}};
    double same = 0, same_share = 0, shares[BANDS] = {0};
    int topics[OWN], last = band(LANGUAGE_TOPICS - 1);

    for (uint32_t i = 0; i < DRAWS; i++) {
        language_topics(language, 7, RNG_LANGUAGE, i, topics);
        for (int k = 0; k < OWN; k++)
            seen[k][band(topics[k])]++;
        same += topics[0] == topics[1];
    }
    for (int i = 0; i < LANGUAGE_TOPICS; i++) {
        double p = share(i, LANGUAGE_TOPICS, LANGUAGE_TOPICS_FLAT, 1);

        shares[band(i)] += p;
        same_share += p * p;
    }
    for (int k = 0; k < OWN; k++)
        for (int i = 0; i <= last; i++)
            tally_add(&tallies[k * (last + 1) + i], seen[k][i], DRAWS, shares[i]);
    tally_add(&tallies[OWN * (last + 1)], same, DRAWS, same_share);
    expect_near(tallies, OWN * (last + 1) + 1, "topics by rank, of each place, and the first two the same");
}

/* Every letter is in as many topics as others, and once in a topic; and once among all. */
static void test_letters(const struct language *language)
{
    struct tally tallies[LETTERS] = {{0}};
    const char *all = language_letters(language, -1);
    bool once = true;

    for (int i = 0; i < LETTERS; i++) {
        double topics = 0;

        for (int t = 0; t < LANGUAGE_TOPICS; t++) {
            int here = 0;

            for (int k = 0; k < LANGUAGE_TOPIC_LETTERS; k++)
                here += language_letters(language, t)[k] == LANGUAGE_LETTERS[i];
            once = once && here <= 1;
            topics += here;
        }
        tally_add(&tallies[i], topics, LANGUAGE_TOPICS, (double)LANGUAGE_TOPIC_LETTERS / LETTERS);
        once = once && memchr(all, LANGUAGE_LETTERS[i], LETTERS);
    }
    tap_ok(once, "a topic's letters differ, and so do all letters");
    expect_near(tallies, LETTERS, "topics of a letter");
}

/* ==== Documents ==== */

struct text {
    int topics[OWN];
    size_t bytes;
    char letters[LANGUAGE_DOCUMENT_BYTES];
};

static void test_documents(const struct language *language, struct text *texts)
{
    char again[LANGUAGE_DOCUMENT_BYTES];
    size_t longest = 0, shortest = SIZE_MAX;
    bool repeatable = true, apart = true;
    const double middle = (LANGUAGE_DOCUMENT_MIN + LANGUAGE_DOCUMENT_BYTES) / 2.0;
    struct language *second;
    double sum = 0;

    if (language_create(&second))
        tap_bail_out("%s", err_get());
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        const struct text *text = &texts[i], *next = &texts[(i + 1) % DOCUMENTS];
        const size_t some = LANGUAGE_DOCUMENT_MIN;

        sum += (double)text->bytes;
        longest = text->bytes > longest ? text->bytes : longest;
        shortest = text->bytes < shortest ? text->bytes : shortest;
        repeatable = repeatable && text->bytes == language_write(second, 1, RNG_LANGUAGE, i, again) &&
                     memcmp(text->letters, again, text->bytes) == 0;
        language_write(language, 1, RNG_HELDOUT, i, again);
        apart = apart && memcmp(text->letters, again, some) != 0;
        language_write(language, 2, RNG_LANGUAGE, i, again);
        apart = apart && memcmp(text->letters, again, some) != 0;
        apart = apart && memcmp(text->letters, next->letters, some) != 0;
    }
    tap_ok(longest == LANGUAGE_DOCUMENT_BYTES && shortest == LANGUAGE_DOCUMENT_MIN &&
               fabs(sum / DOCUMENTS / middle - 1) < 0.01,
           "documents of %zu to %zu bytes, of %.1f on average", shortest, longest, sum / DOCUMENTS);
    tap_ok(repeatable, "a document is a function of seed, purpose and number");
    tap_ok(apart, "other seeds, purposes and numbers give other documents");
    language_destroy(second);
}

/* Letters by their ranks in the document's topics and, if they are in none, by the band of
 * their rank among all. */
static void test_shares(const struct language *language, const struct text *texts)
{
    enum { TOPICAL = OWN * LANGUAGE_TOPIC_LETTERS };
    const char *all = language_letters(language, -1);
    struct tally tallies[TOPICAL + BANDS] = {{0}};
    double own = 0, sum = 0, from[OWN], topical = 0;

    for (int k = 0; k < OWN; k++) {
        from[k] = LANGUAGE_MAIN_MILLE / 1e3 / (1 << k);
        topical += from[k];
    }
    for (int d = 0; d < DOCUMENTS; d++) {
        const struct text *text = &texts[d];

        for (int i = 0; i < LETTERS; i++) {
            double p = (1 - topical) * share(i, LETTERS, 1, 0.5), seen = 0;
            int kind = TOPICAL + band(i);

            for (size_t at = 0; at < text->bytes; at++)
                seen += text->letters[at] == all[i];
            for (int k = OWN - 1; k >= 0; k--)
                for (int r = 0; r < LANGUAGE_TOPIC_LETTERS; r++)
                    if (language_letters(language, text->topics[k])[r] == all[i]) {
                        p += from[k] * share(r, LANGUAGE_TOPIC_LETTERS, 1, 1);
                        kind = k * LANGUAGE_TOPIC_LETTERS + r;
                    }
            tally_add(&tallies[kind], seen, (double)text->bytes, p);
            own += kind < TOPICAL ? seen : 0;
            sum += seen;
        }
    }
    expect_near(tallies, TOPICAL + band(LETTERS - 1) + 1,
                "letters by rank in each topic, and among all");
    tap_ok(sum > 0 && own / sum > topical,
           "%.1f %% of the letters are those of the topics", 100 * own / sum);
}

/* What a letter tells of the next one, in nats, when the counts of the pairs are compared with
 * what is expected: of letters in a random order in each document, or in all of them. */
static void test_neighbours(const struct text *texts)
{
    static double pairs[LETTERS][LETTERS], within[LETTERS][LETTERS], single[LETTERS];
    double given_document = 0, alone = 0, sum = 0, total = 0;

    /* Counts alone make an estimate too large, by half of the cells over the draws at most. */
    for (int d = 0; d < DOCUMENTS; d++) {
        double counts[LETTERS] = {0}, n = (double)texts[d].bytes;
        int before = -1;

        for (size_t at = 0; at < texts[d].bytes; at++) {
            const char *letter = strchr(LANGUAGE_LETTERS, texts[d].letters[at]);
            int now = letter ? (int)(letter - LANGUAGE_LETTERS) : 0;

            counts[now]++;
            if (before >= 0)
                pairs[before][now]++;
            before = now;
        }
        for (int a = 0; a < LETTERS; a++) {
            for (int b = 0; b < LETTERS; b++)
                within[a][b] += counts[a] * (counts[b] - (a == b)) / n;
            single[a] += counts[a];
        }
        sum += n - 1;
        total += n;
    }
    for (int a = 0; a < LETTERS; a++)
        for (int b = 0; b < LETTERS; b++) {
            double p = pairs[a][b] / sum;

            if (p > 0) {
                given_document += p * log(pairs[a][b] / within[a][b]);
                alone += p * log(p / (single[a] / total * single[b] / total));
            }
        }
    tap_ok(given_document < LETTERS * LETTERS / 2 / sum,
           "a letter's neighbour tells %.4f nats of it, given its document: no more than chance",
           given_document);
    tap_ok(alone > 100 * given_document, "... and %.4f without, as it tells of the document", alone);
}

/* The header's example, by lines as they must stand there. */
static void test_example(const struct language *language)
{
    enum { WIDTH = 90 };
    const char *folder = getenv("srcdir");
    char path[4096], header[8192], text[LANGUAGE_DOCUMENT_BYTES];
    char lines[2 * LANGUAGE_DOCUMENT_BYTES];
    int bytes = (int)language_write(language, 1, RNG_LANGUAGE, 0, text), used = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/src/text/language.h", folder ? folder : ".");
    file = fopen(path, "r");
    if (!file)
        tap_bail_out("%s cannot be read", path);
    header[fread(header, 1, sizeof header - 1, file)] = '\0';
    fclose(file);
    for (int at = 0; at < bytes; at += WIDTH)
        used += snprintf(lines + used, sizeof lines - (size_t)used, " *     %.*s\n",
                         bytes - at < WIDTH ? bytes - at : WIDTH, text + at);
    if (!tap_ok(strstr(header, lines), "the example is document 0 of seed 1"))
        tap_diag("which is\n%s", lines);
}

int main(void)
{
    struct text *texts = calloc(DOCUMENTS, sizeof *texts);
    char hex[SHA256_HEX_BYTES], hex_again[SHA256_HEX_BYTES];
    struct language *language;
    double start;

    tap_plan(12);
    if (!texts || language_create(&language))
        tap_bail_out("no language");
    start = clock_now_s();
    for (uint32_t i = 0; i < DOCUMENTS; i++) {
        texts[i].bytes = language_write(language, 1, RNG_LANGUAGE, i, texts[i].letters);
        language_topics(language, 1, RNG_LANGUAGE, i, texts[i].topics);
    }
    tap_diag("%d documents in %.3f s", DOCUMENTS, clock_now_s() - start);
    test_topics(language);
    test_letters(language);
    test_documents(language, texts);
    test_shares(language, texts);
    test_neighbours(texts);
    test_example(language);
    tap_ok(language_checksum(hex) == 0 && language_checksum(hex_again) == 0 &&
               strcmp(hex, hex_again) == 0,
           "checksum %.16s...", hex);
    language_destroy(language);
    free(texts);
    return tap_status();
}
