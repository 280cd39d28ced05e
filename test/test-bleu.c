/* test-bleu.c - tokenisations, BLEU and chrF2 against sacreBLEU's numbers; any bytes at all. */
#include "src/glu.h"

#include "src/task/metrics/corpus.h"
#include "src/task/metrics/metrics.h"
#include "src/task/metrics/tokenise.h"
#include "src/task/metrics/words.h"
#include "src/util/rng.h"
#include "test/near.h"
#include "test/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MOST = 2000, ROW_BYTES = 2000 };

static const struct text_task translation = {.name = "translation"};

static void put(char **text, uint32_t point)
{
    char *p = *text;

    if (point < 0x80) {
        *p++ = (char)point;
    } else if (point < 0x800) {
        *p++ = (char)(0xc0 | point >> 6);
        *p++ = (char)(0x80 | (point & 0x3f));
    } else {
        *p++ = (char)(0xe0 | point >> 12);
        *p++ = (char)(0x80 | (point >> 6 & 0x3f));
        *p++ = (char)(0x80 | (point & 0x3f));
    }
    *text = p;
}

/* The tokens of a line with one space between. */
static void join(const struct tokenisation *tokenisation, const char *line, char *joined)
{
    struct unicode text;
    struct words words;

    if (unicode_read(&text, line) || tokenise(tokenisation, &text) || words_cut(&words, &text))
        tap_bail_out("%s", err_get());
    for (size_t i = 0; i < words.count; i++) {
        if (i > 0)
            *joined++ = ' ';
        for (size_t j = 0; j < words.word[i].count; j++)
            put(&joined, words.word[i].points[j]);
    }
    *joined = '\0';
    words_free(&words);
    unicode_free(&text);
}

static const struct {
    const struct tokenisation *tokenisation;
    const char *line, *tokens;
} lines[] = {
    {&tokenise_13a, "It costs $3.50, or 3,50 Euro.", "It costs $ 3.50 , or 3,50 Euro ."},
    {&tokenise_13a, "a 25-year-old man in 1990.", "a 25 - year-old man in 1990 ."},
    {&tokenise_13a, "Don't \"quote\" me (please).", "Don't \" quote \" me ( please ) ."},
    {&tokenise_13a, "U.S. Army", "U . S . Army"},
    {&tokenise_13a, "Wait...", "Wait . . ."},
    {&tokenise_13a, ".5", ". 5"},
    {&tokenise_13a, "5--6", "5 - -6"},
    {&tokenise_13a, "\xe2\x80\x9eJa\xe2\x80\x9c, sagte er.",
     "\xe2\x80\x9eJa\xe2\x80\x9c , sagte er ."},
    {&tokenise_13a, "a<skipped>b R&amp;D &lt;&quot;x&gt; &amp;lt;", "ab R & D < \" x > <"},
    {&tokenise_13a, "an end-\nof a\nline \t\n", "an endof a line"},
    {&tokenise_13a, "a-\n", "a-"},
    {&tokenise_13a,
     "a\xc2\xa0"
     "b\xe2\x80\xa8"
     "c",
     "a b c"},
    {&tokenise_13a, "3.,4 x.,y", "3 . , 4 x . , y"},
    {&tokenise_13a, "", ""},
    {&tokenise_intl, "It costs $3.50, or 3,50 Euro.", "It costs $ 3.50 , or 3,50 Euro ."},
    {&tokenise_intl, "a 25-year-old man in 1990.", "a 25 - year - old man in 1990."},
    {&tokenise_intl, "Don't \"quote\" me (please).", "Don ' t \" quote \" me ( please ) ."},
    {&tokenise_intl, "\xe2\x80\x9eJa\xe2\x80\x9c, sagte er.",
     "\xe2\x80\x9e Ja \xe2\x80\x9c , sagte er ."},
    {&tokenise_intl, "5\xe2\x82\xac a+b x\xc2\xb2.", "5 \xe2\x82\xac a + b x\xc2\xb2."},
    {&tokenise_intl, "R&amp;D <skipped>", "R & amp ; D < skipped >"},
    {&tokenise_intl, "...", ". . ."},
    {&tokenise_intl, "", ""},
};

static void check_tokens(void)
{
    char joined[200];

    for (size_t i = 0; i < LENGTH_OF(lines); i++) {
        join(lines[i].tokenisation, lines[i].line, joined);
        tap_ok(strcmp(joined, lines[i].tokens) == 0, "%s: '%s'",
               tokenise_name(lines[i].tokenisation), joined);
    }
}

static double score_of(const struct text_metric *metric, char *const *outputs,
                       const char *const *references, size_t count)
{
    static struct example example[MOST];
    struct examples examples = {.example = example, .count = count};
    struct text_answers answers = {&translation, &examples, outputs};
    double score = 1234;

    for (size_t i = 0; i < count; i++)
        example[i] = (struct example){"", references[i], -1, -1, 0, NULL};
    if (metric->score(&answers, &score))
        tap_bail_out("%s", err_get());
    return score;
}

static const struct {
    const char *outputs[2], *references[2];
    double bleu, chrf2;
} pairs[] = {
    {{"the cat is on the mat"}, {"there is a cat on the mat"}, 29.0593, 47.8924},
    {{"the the the the the the the"}, {"the cat is on the mat"}, 7.8099, 14.2324},
    {{"a b c d"}, {"a b c e"}, 59.4604, 47.9167},
    {{"a b c d e"}, {"a b c d e f g"}, 67.0320, 61.6781},
    {{"a b c"}, {"a b c"}, 0, 100},
    {{"Hello, world!"}, {"hello, world!"}, 59.4604, 89.1132},
    {{"Two dogs run.", "A man sleeps on a bench."},
     {"Two dogs are running.", "A man is sleeping on a bench."},
     33.4713,
     46.8807},
    {{"x y z w"}, {"a b c d"}, 0, 0},
    {{""}, {"a b c d"}, 0, 0},
    {{"a b c d"}, {""}, 0, 0},
    {{""}, {""}, 0, 0},
};

static void check_pairs(void)
{
    char *lower[] = {"Hello, World! It's \xc3\x84rger"};
    const char *const reference[] = {"HELLO, WORLD! IT'S \xc3\xa4RGER"};

    for (size_t i = 0; i < LENGTH_OF(pairs); i++) {
        size_t count = pairs[i].outputs[1] ? 2 : 1;
        char *const *outputs = (char *const *)pairs[i].outputs;

        near(score_of(&text_metric_bleu_13a, outputs, pairs[i].references, count), pairs[i].bleu,
             6e-5, pairs[i].outputs[0]);
        near(score_of(&text_metric_chrf2, outputs, pairs[i].references, count), pairs[i].chrf2,
             6e-5, "chrF2");
    }
    near(score_of(&text_metric_bleu_13a_lc, lower, reference, 1), 100, 1e-9, "lower-cased, 13a");
    near(score_of(&text_metric_bleu_intl_lc, lower, reference, 1), 100, 1e-9, "lower-cased, intl");
    tap_ok(score_of(&text_metric_bleu_intl, lower, reference, 1) < 50, "as it is written");
    tap_ok(isnan(score_of(&text_metric_bleu_13a, lower, reference, 0)), "of no sentence");
}

static void check_rows(void)
{
    static const char *const signatures[][2] = {
        {"bleu_13a", "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0"},
        {"bleu_intl", "nrefs:1|case:mixed|eff:no|tok:intl|smooth:exp|version:2.6.0"},
        {"bleu_13a_lc", "nrefs:1|case:lc|eff:no|tok:13a|smooth:exp|version:2.6.0"},
        {"bleu_intl_lc", "nrefs:1|case:lc|eff:no|tok:intl|smooth:exp|version:2.6.0"},
        {"chrf2", "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0"},
    };

    for (size_t i = 0; i < LENGTH_OF(signatures); i++) {
        const struct corpus_metric *row = corpus_metric_find(signatures[i][0]);

        tap_ok(row && row == corpus_metric_at(i) && strcmp(row->signature, signatures[i][1]) == 0,
               "signature of %s", signatures[i][0]);
    }
    tap_ok(!corpus_metric_at(LENGTH_OF(signatures)) && !corpus_metric_find("accuracy"),
           "no others");
}

/* ==== Real sentences ==== */

/* The lines of a file of GLUBENCH_DATA.  How many; 0 when it is not there. */
static size_t read_lines(const char *name, char **list)
{
    const char *data = getenv("GLUBENCH_DATA");
    char path[4096], row[ROW_BYTES];
    size_t count = 0;
    gzFile file;

    snprintf(path, sizeof path, "%s/multi30k/%s", data ? data : "", name);
    file = data ? gzopen(path, "rb") : NULL;
    if (!file)
        return 0;
    while (count < MOST && gzgets(file, row, sizeof row)) {
        row[strcspn(row, "\n")] = '\0';
        list[count] = strdup(row);
        if (!list[count++])
            tap_bail_out("no memory");
    }
    gzclose(file);
    return count;
}

static void check_sums(char *const *outputs, const char *const *references, size_t count)
{
    static const double expected[] = {1403, 35, 18, 10, 12955, 11955, 10955, 9955, 12955, 12106};
    static struct example example[MOST];
    struct examples examples = {.example = example, .count = count};
    struct text_answers answers = {&translation, &examples, outputs};
    double *sums, total[10] = {0};
    bool same = true;

    for (size_t i = 0; i < count; i++)
        example[i] = (struct example){"", references[i], -1, -1, 0, NULL};
    if (corpus_sums(&corpus_bleu_13a, &answers, &sums))
        tap_bail_out("%s", err_get());
    for (size_t i = 0; i < count * 10; i++)
        total[i % 10] += sums[i];
    for (size_t i = 0; i < 10; i++)
        same = same && fabs(total[i] - expected[i]) < 0.5;
    tap_ok(same && corpus_bleu_13a.sums == 10, "sums: matches %g %g %g %g, lengths %g %g", total[0],
           total[1], total[2], total[3], total[8], total[9]);
    free(sums);
}

static void check_multi30k(void)
{
    static char *source[MOST], *reference[MOST], *shifted[MOST], *cut[MOST];
    const char *const *gold = (const char *const *)reference;
    size_t count = read_lines("test_2016_flickr.de.gz", reference);

    if (count != 1000 || read_lines("test_2016_flickr.en.gz", source) != count) {
        tap_skip(7, "GLUBENCH_DATA has no multi30k");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char *space;

        shifted[i] = reference[(i + 1) % count];
        cut[i] = strdup(reference[i]);
        space = cut[i] ? strrchr(cut[i], ' ') : NULL;
        if (space)
            *space = '\0';
    }
    check_sums(source, gold, count);
    near(score_of(&text_metric_bleu_13a, source, gold, count), 0.4783, 6e-5, "the source");
    near(score_of(&text_metric_chrf2, source, gold, count), 16.3447, 6e-5, "the source, chrF2");
    near(score_of(&text_metric_bleu_13a, shifted, gold, count), 0.5434, 6e-5, "shifted by a line");
    near(score_of(&text_metric_bleu_13a, cut, gold, count), 82.2199, 6e-5, "without the last word");
    near(score_of(&text_metric_chrf2, cut, gold, count), 88.4400, 6e-5,
         "without the last word, chrF2");
    near(score_of(&text_metric_bleu_intl_lc, reference, gold, count), 100, 1e-9, "the reference");
    for (size_t i = 0; i < count; i++) {
        free(source[i]);
        free(reference[i]);
        free(cut[i]);
    }
}

/* ==== Any bytes ==== */

static void check_bytes(void)
{
    static const char *const pieces[] = {
        "-", ".", ",", "5", "a", " ", "\n", "&amp;", "<skipped>", "\xe2\x80", "\xff",
        "\xf0\x9f\x98\x80", "\xc3\x84", "\xed\xa0\x80", "\xe2\x82\xac", "\xce\xa3",
    };
    struct rng rng;
    bool sound = true;

    rng_start(&rng, 1, RNG_TEST, 0);
    for (int i = 0; i < 3000; i++) {
        char text[2][400] = {"", ""};
        char *outputs[] = {text[0]};
        const char *const references[] = {text[1]};

        for (int j = 0; j < 2; j++) {
            uint32_t length = rng_below(&rng, 20);

            for (uint32_t k = 0; k < length; k++) {
                char any[2] = {(char)(1 + rng_below(&rng, 255)), '\0'};

                strcat(text[j],
                       rng_below(&rng, 2) ? any : pieces[rng_below(&rng, LENGTH_OF(pieces))]);
            }
        }
        for (size_t j = 0; corpus_metric_at(j); j++) {
            double score = score_of(corpus_metric_at(j)->metric, outputs, references, 1);

            sound = sound && score >= 0 && score <= 100 + 1e-9;
        }
    }
    tap_ok(sound, "any bytes have a score from 0 to 100");
}

int main(void)
{
    tap_plan((int)(LENGTH_OF(lines) + 2 * LENGTH_OF(pairs)) + 4 + 6 + 7 + 1);
    check_tokens();
    check_pairs();
    check_rows();
    check_multi30k();
    check_bytes();
    return tap_status();
}
