/* numbers.c - scores of tasks whose targets are numbers. */
#include "src/glu.h"

#include "src/task/metrics/metrics.h"
#include "src/util/unicode.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

/* What an output that is no number counts as. */
static const double NO_NUMBER = -1;

static size_t digits(const char *text)
{
    size_t count = 0;

    while (isdigit((unsigned char)text[count]))
        count++;
    return count;
}

/* Is it a decimal number and nothing else: sign, digits, point, digits, exponent? */
static bool is_number(const char *text)
{
    size_t whole, part = 0;

    text += *text == '+' || *text == '-';
    whole = digits(text);
    text += whole;
    if (*text == '.') {
        part = digits(++text);
        text += part;
    }
    if (whole + part == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '+' || *text == '-';
        if (digits(text) == 0)
            return false;
        text += digits(text);
    }
    return *text == '\0';
}

/* The number that an output is, white space around it apart.  0, or -1 and a message. */
static int read_number(const char *output, double *number)
{
    struct unicode text;
    size_t start = 0, count = 0;
    char *plain;
    double read;

    *number = NO_NUMBER;
    if (unicode_read(&text, output))
        return -1;
    unicode_drop_space_at_end(&text);
    while (start < text.count && unicode_is_space(text.points[start]))
        start++;
    plain = malloc(text.count - start + 1);
    if (!plain) {
        unicode_free(&text);
        return err_set("no memory for a number of %zu characters", text.count);
    }
    for (; start < text.count && text.points[start] < 0x80; start++)
        plain[count++] = (char)text.points[start];
    plain[count] = '\0';
    if (start == text.count && is_number(plain)) {
        read = strtod(plain, NULL);
        if (isfinite(read))
            *number = read;
    }
    free(plain);
    unicode_free(&text);
    return 0;
}

/* Less the mean, and scaled so that the largest was 1 or -1; exactly 0 when they are equal. */
static void centre(double *x, size_t n)
{
    double largest = 0, sum = 0;

    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    for (size_t i = 0; i < n && largest > 0; i++)
        sum += x[i] /= largest;
    for (size_t i = 0; i < n; i++)
        x[i] -= sum / (double)n;
}

/* Pearson's correlation, NAN when a side is constant; both are changed. */
static double correlation(double *x, double *y, size_t n)
{
    double xx = 0, yy = 0, xy = 0;

    centre(x, n);
    centre(y, n);
    for (size_t i = 0; i < n; i++) {
        xx += x[i] * x[i];
        yy += y[i] * y[i];
        xy += x[i] * y[i];
    }
    return xx > 0 && yy > 0 ? xy / (sqrt(xx) * sqrt(yy)) : (double)NAN;
}

struct ranked {
    double value;
    size_t place;
};

static int by_value(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;

    return (x > y) - (x < y);
}

/* Values to their ranks, equal ones to the mean of theirs.  0, or -1 and a message. */
static int rank(double *x, size_t n)
{
    struct ranked *ranked = malloc((n + 1) * sizeof *ranked);
    size_t next;

    if (!ranked)
        return err_set("no memory to rank %zu numbers", n);
    for (size_t i = 0; i < n; i++)
        ranked[i] = (struct ranked){x[i], i};
    qsort(ranked, n, sizeof *ranked, by_value);
    for (size_t i = 0; i < n; i = next) {
        for (next = i + 1; next < n && ranked[next].value <= ranked[i].value; next++)
            ;
        for (size_t j = i; j < next; j++)
            x[ranked[j].place] = 0.5 * (double)(i + next - 1);
    }
    free(ranked);
    return 0;
}

static int correlate(const struct text_answers *answers, bool by_rank, double *score)
{
    size_t n = answers->examples->count;
    double *gold = malloc((2 * n + 1) * sizeof *gold), *read;
    int rc = -1;

    if (!gold)
        return err_set("no memory for %zu numbers", n);
    read = gold + n;
    for (size_t i = 0; i < n; i++) {
        gold[i] = answers->examples->example[i].number;
        if (read_number(answers->outputs[i], read + i))
            goto done;
    }
    if (by_rank && (rank(gold, n) || rank(read, n)))
        goto done;
    *score = 100 * correlation(gold, read, n);
    rc = 0;
done:
    free(gold);
    return rc;
}

static int score_pearson(const struct text_answers *answers, double *score)
{
    return correlate(answers, false, score);
}

static int score_spearman(const struct text_answers *answers, double *score)
{
    return correlate(answers, true, score);
}

const struct text_metric text_metric_pearson = {{"pearson", "points", true}, score_pearson};
const struct text_metric text_metric_spearman = {{"spearman", "points", true}, score_spearman};
