/* test-metrics.c - scores of labels, numbers and pieces of text, against answers worked out by
 * hand. */
#include "src/glu.h"

#include "src/task/metrics/metrics.h"
#include "src/task/metrics/normalise.h"
#include "src/task/metrics/wsc.h"
#include "test/near.h"
#include "test/tap.h"

#include <math.h>
#include <string.h>

enum { MOST = 8, END = 99 };

static const char *const words[] = {"no", "yes", "maybe", NULL};
static const char *const two_words[] = {"no", "yes", NULL};
static const struct text_task three = {.name = "three", .classes = words};
static const struct text_task two = {.name = "two", .classes = two_words};
static const struct text_task free_text = {.name = "free"};

static double score_of(const struct text_metric *metric, const struct text_task *task,
                       struct example *example, size_t count, const char *const *outputs)
{
    struct examples examples = {.example = example, .count = count};
    struct text_answers answers = {task, &examples, (char *const *)outputs};
    double score = 1234;

    if (metric->score(&answers, &score))
        tap_bail_out("%s: %s", metric->metric.name, err_get());
    return score;
}

struct label_case {
    const char *name;
    const struct text_metric *metric;
    const struct text_task *task;
    int gold[MOST], named[MOST]; /* to END; -1: an output that is no class word */
    double score;
};

static const struct label_case label_cases[] = {
    {"accuracy", &text_metric_accuracy, &three, {0, 0, 2, 1, END}, {0, 1, 2, 1}, 75},
    {"accuracy, no class", &text_metric_accuracy, &two, {1, 0, END}, {-1, 0}, 50},
    {"mcc, three classes", &text_metric_mcc, &three, {0, 0, 2, 1, END}, {0, 1, 2, 1}, 70},
    {"mcc, two classes",
     &text_metric_mcc,
     &two,
     {1, 1, 1, 0, 0, 0, END},
     {1, 1, 0, 0, 0, 1},
     100.0 / 3},
    {"mcc, all the same", &text_metric_mcc, &two, {1, 1, 1, 0, END}, {1, 1, 1, 1}, 0},
    {"mcc, no class", &text_metric_mcc, &two, {1, 1, 0, 0, END}, {1, 1, 0, -1}, 67.082},
    {"f1, a third class", &text_metric_f1, &three, {0, 1, 1, 0, END}, {0, 1, 2, 2}, 50},
    {"f1, no class", &text_metric_f1, &two, {1, 1, 1, 0, END}, {1, 0, -1, 0}, 50},
    {"f1, nothing found", &text_metric_f1, &two, {1, 0, END}, {0, 0}, 0},
    {"macro f1", &text_metric_macro_f1, &three, {0, 1, 1, 2, END}, {0, 0, 2, 2}, 44.444},
    {"macro f1, no class", &text_metric_macro_f1, &three, {0, 1, 2, END}, {0, -1, 2}, 66.667},
    {"macro f1, a class that is not there",
     &text_metric_macro_f1,
     &three,
     {0, 1, END},
     {0, 1},
     66.667},
    {"f1a", &text_metric_f1a, &two, {1, 0, 1, 0, 1, END}, {1, 0, 0, 0, 1}, 80},
    {"accuracy, of nothing", &text_metric_accuracy, &two, {END}, {0}, (double)NAN},
    {"mcc, of nothing", &text_metric_mcc, &two, {END}, {0}, (double)NAN},
    {"f1, of nothing", &text_metric_f1, &two, {END}, {0}, (double)NAN},
    {"macro f1, of nothing", &text_metric_macro_f1, &two, {END}, {0}, (double)NAN},
    {"em, of nothing", &text_metric_em_question, &two, {END}, {0}, (double)NAN},
};

static void check_score(double seen, double expected, const char *name)
{
    if (isnan(expected))
        tap_ok(isnan(seen), "%s: undefined, not %g", name, seen);
    else
        near(seen, expected, 6e-4, name);
}

static void check_labels(void)
{
    for (size_t i = 0; i < LENGTH_OF(label_cases); i++) {
        const struct label_case *c = &label_cases[i];
        struct example example[MOST];
        const char *outputs[MOST];
        size_t n = 0;

        for (; c->gold[n] != END; n++) {
            example[n] = (struct example){"", words[c->gold[n]], c->gold[n], -1, 0, NULL};
            outputs[n] = c->named[n] < 0 ? "Yes" : words[c->named[n]];
        }
        check_score(score_of(c->metric, c->task, example, n, outputs), c->score, c->name);
    }
}

static void check_words(void)
{
    static const char *const not_words[] = {"Yes", "yes ", " yes", "yesterday", "ye", ""};
    struct example example = {"", "yes", 1, -1, 0, NULL};
    struct examples none = {0};
    struct text_answers answers = {&free_text, &none, NULL};
    double score;

    for (size_t i = 0; i < LENGTH_OF(not_words); i++)
        near(score_of(&text_metric_accuracy, &two, &example, 1, not_words + i), 0, 0, not_words[i]);
    near(score_of(&text_metric_accuracy, &free_text, &example, 1, two_words + 1), 100, 0,
         "free text: the target");
    near(score_of(&text_metric_accuracy, &free_text, &example, 1, two_words), 0, 0,
         "free text: another");
    tap_ok(text_metric_f1.score(&answers, &score) == -1 &&
               strstr(err_get(), "free: f1 is a score of classes"),
           "a score of classes without classes: %s", err_get());
}

static void check_questions(void)
{
    static const int group[] = {0, 0, 0, 1, 1}, mixed[] = {1, 0, 1, 0, 0},
                     alone[] = {-1, -1, -1, -1, -1};
    static const int gold[] = {1, 0, 1, 0, 1}, mixed_gold[] = {0, 1, 1, 0, 1};
    const char *outputs[] = {"yes", "no", "no", "no", "yes"};
    const char *mixed_outputs[] = {"no", "yes", "yes", "no", "junk"};
    struct example example[5];

    for (size_t i = 0; i < 5; i++)
        example[i] = (struct example){"", words[gold[i]], gold[i], group[i], 0, NULL};
    near(score_of(&text_metric_em_question, &two, example, 5, outputs), 50, 0, "em of questions");
    for (size_t i = 0; i < 5; i++)
        example[i].group = alone[i];
    near(score_of(&text_metric_em_question, &two, example, 5, outputs), 80, 0,
         "em of answers by themselves");
    for (size_t i = 0; i < 5; i++)
        example[i] = (struct example){"", words[mixed_gold[i]], mixed_gold[i], mixed[i], 0, NULL};
    near(score_of(&text_metric_em_question, &two, example, 5, mixed_outputs), 50, 0,
         "em of questions in any order, no class is wrong");
}

static void check_numbers(void)
{
    static const struct {
        const char *name;
        const struct text_metric *metric;
        double gold[MOST];
        const char *outputs[MOST]; /* to NULL */
        double score;
    } cases[] = {
        {"pearson of two", &text_metric_pearson, {0, 2}, {"0", "1"}, 100},
        {"spearman of three", &text_metric_spearman, {0, 2, 1}, {"0", "1", "2"}, 50},
        {"pearson", &text_metric_pearson, {0, 1, 1, 3}, {"0", "1", "2", "3"}, 92.338},
        {"spearman, ties", &text_metric_spearman, {0, 1, 1, 3}, {"0", "1", "2", "3"}, 94.868},
        {"pearson, no number", &text_metric_pearson, {1, 2, 3}, {"1.0", "abc", "3.0"}, 50},
        {"spearman, no number", &text_metric_spearman, {1, 2, 3}, {"1.0", "abc", "3.0"}, 50},
        {"numbers as they are written",
         &text_metric_pearson,
         {1, 2, 3},
         {" 1e0\t", "+2.", ".3e+1"},
         100},
        {"what is no number is -1",
         &text_metric_pearson,
         {-1, -1, -1, -1, -1, -1, -1, 5},
         {"", "1.5.", "nan", "inf", "1e999", "0x3", "2 3", "5"},
         100},
        {"nor is this",
         &text_metric_pearson,
         {-1, -1, -1, -1, 5},
         {"e5", ".", "-", "5\xc3\xa4", "5"},
         100},
        {"far apart", &text_metric_pearson, {1, 2, 3}, {"1e300", "2e300", "3e300"}, 100},
        {"pearson, constant", &text_metric_pearson, {1, 2, 3}, {"2.0", "2.0", "2.0"}, (double)NAN},
        {"spearman, constant",
         &text_metric_spearman,
         {1, 2, 3},
         {"2.0", "2.0", "2.0"},
         (double)NAN},
        {"pearson, constant gold",
         &text_metric_pearson,
         {0.1, 0.1, 0.1},
         {"1", "2", "3"},
         (double)NAN},
        {"pearson, constant and not exact",
         &text_metric_pearson,
         {1, 2, 3, 4, 5, 6, 7},
         {"0.7", "0.7", "0.7", "0.7", "0.7", "0.7", "0.7"},
         (double)NAN},
        {"pearson of one", &text_metric_pearson, {1}, {"1"}, (double)NAN},
        {"spearman of none", &text_metric_spearman, {0}, {NULL}, (double)NAN},
    };

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct example example[MOST];
        size_t n = 0;

        for (; n < MOST && cases[i].outputs[n]; n++)
            example[n] = (struct example){"", "", -1, -1, cases[i].gold[n], NULL};
        check_score(score_of(cases[i].metric, &free_text, example, n, cases[i].outputs),
                    cases[i].score, cases[i].name);
    }
}

/* Normalised words with one space between. */
static void join(const char *answer, char *joined)
{
    struct unicode text;
    struct words cut;

    if (normalise(answer, &text, &cut))
        tap_bail_out("%s", err_get());
    for (size_t i = 0; i < cut.count; i++) {
        if (i > 0)
            *joined++ = ' ';
        for (size_t j = 0; j < cut.word[i].count; j++)
            *joined++ = cut.word[i].points[j] < 0x80 ? (char)cut.word[i].points[j] : '?';
    }
    *joined = '\0';
    words_free(&cut);
    unicode_free(&text);
}

static void check_normalised(void)
{
    static const struct {
        const char *answer, *normalised;
    } cases[] = {
        {"Needs\tA_LOT of the 'normalization'.\"\xe2\x80\x98", "needs alot of normalization?"},
        {"a", ""},
        {"U . S . Army", "u s army"},
        {"U.S. Army", "us army"},
        {"", ""},
        {"The an A", ""},
        {"another theatre a1", "another theatre a1"},
        {"\xe2\x80\x98"
         "a\xe2\x80\x98",
         "? ?"},
        {"b\xc2\xa0the\xe3\x80\x80"
         "c",
         "b c"},
        {"\xc3\x84"
         "a the\xc3\xa4",
         "?a the?"},
    };
    char joined[100];

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        join(cases[i].answer, joined);
        tap_ok(strcmp(joined, cases[i].normalised) == 0, "normalised: '%s'", joined);
    }
}

static void check_answers(void)
{
    static const char *const moose[] = {"big moose", "hippo", NULL};
    static const char *const correct1[] = {"correct1", NULL};
    static const char *const correct2[] = {"correct2.1", "correct2.2", NULL};
    static const char *const letters[] = {"a", "b", NULL};
    struct example example[] = {
        {"", "big moose", -1, -1, 0, moose},
        {"", "correct1", -1, -1, 0, correct1},
        {"", "correct2.1", -1, -1, 0, correct2},
        {"", "a", -1, -1, 0, letters},
    };
    struct example tower = {"", "the tall tower of Paris", -1, -1, 0, NULL},
                   twice = {"", "go go stop", -1, -1, 0, NULL};
    const char *outputs[] = {"\xe2\x80\x98"
                             "a big Moose!\xe2\x80\x98",
                             "wrong", "correct2.2", "c"};
    const char *output = "tower of Paris France", *again = "Go, go, go!", *empty = "the",
               *same = "The Tall TOWER of Paris.";

    near(score_of(&text_metric_squad_em, &free_text, example, 4, outputs), 25, 0, "em of answers");
    near(score_of(&text_metric_squad_f1, &free_text, example, 4, outputs), 35, 1e-9,
         "f1 of answers");
    near(score_of(&text_metric_squad_f1, &free_text, &tower, 1, &output), 75, 1e-9,
         "f1 of the target alone");
    near(score_of(&text_metric_squad_f1, &free_text, &twice, 1, &again), 200.0 / 3, 1e-9,
         "words as often as they are");
    near(score_of(&text_metric_squad_em, &free_text, &tower, 1, &same), 100, 0, "em, normalised");
    near(score_of(&text_metric_squad_em, &free_text, &tower, 1, &empty), 0, 0, "em of nothing");
    near(score_of(&text_metric_squad_em, &free_text, &example[3], 1, &empty), 100, 0,
         "nothing, and nothing");
    near(score_of(&text_metric_squad_f1, &free_text, &example[3], 1, &empty), 0, 0,
         "f1 of nothing, and nothing");
    tap_ok(isnan(score_of(&text_metric_squad_f1, &free_text, example, 0, outputs)),
           "f1 of no answers");
}

static void check_wsc(void)
{
    static const struct {
        const char *output, *referent;
        int label;
    } cases[] = {
        {"the cat", "cat", 1},
        {"Bob's hat", "Bob", 0},
        {"Bob's hat", "hat", 0},
        {"fuzzy bunny", "fuzzy hungry bunny", 1},
        {"a potato", "my potato", 1},
        {"potato", "turnip", 0},
        {"a this", "cat", -1},
        {"", "cat", -1},
        {" \t", "cat", -1},
        {"Bob's", "BOB'S hat ", 1},
        {"fuzzy bunny", "fuzzy fox", 0},
        {"the  cat", "cat", 1},
        {"the  cat", "cat nap", 0},
        {"cat", "the", 0},
    };
    struct example example[] = {{"", "the cat", 1, -1, 0, NULL},
                                {"", "the cat", 0, -1, 0, NULL},
                                {"", "the cat", 0, -1, 0, NULL},
                                {"", "the cat", 0, -1, 0, NULL}};
    const char *outputs[] = {"cat", "dog", "Cat", "the"};
    int label;

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        if (wsc_label(cases[i].output, cases[i].referent, &label))
            tap_bail_out("%s", err_get());
        tap_ok(label == cases[i].label, "'%s' for '%s': %d", cases[i].output, cases[i].referent,
               label);
    }
    near(score_of(&text_metric_wsc, &free_text, example, 4, outputs), 50, 0,
         "accuracy of referents");
    tap_ok(isnan(score_of(&text_metric_wsc, &free_text, example, 0, outputs)), "of none");
}

int main(void)
{
    tap_plan((int)LENGTH_OF(label_cases) + 9 + 3 + 16 + 10 + 9 + 16);
    check_labels();
    check_words();
    check_questions();
    check_numbers();
    check_normalised();
    check_answers();
    check_wsc();
    return tap_status();
}
