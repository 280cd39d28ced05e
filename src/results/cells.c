/* cells.c - see cells.h. */
#include "src/glu.h"

#include "src/results/cells.h"

#include "src/results/statistics.h"

#include <math.h>
#include <string.h>

/* ==== Texts ==== */

const char *text_grouped(double x, char text[CELL_BYTES])
{
    char digits[CELL_BYTES];
    size_t length, at = 0;

    snprintf(digits, sizeof digits, "%.0f", x);
    length = strlen(digits);
    for (size_t i = 0; i < length && at + 2 < CELL_BYTES; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

const char *text_interval(struct interval interval, const char *format, const char *missing,
                          char text[CELL_BYTES])
{
    char low[CELL_BYTES / 2 - 4], high[CELL_BYTES / 2 - 4];

    if (!interval_exists(interval))
        return missing;
    snprintf(low, sizeof low, format, interval.low);
    snprintf(high, sizeof high, format, interval.high);
    snprintf(text, CELL_BYTES, "[%s, %s]", low, high);
    return text;
}

const char *text_p(double p, char text[CELL_BYTES])
{
    if (!isfinite(p))
        return "no test";
    if (p >= STATS_ALPHA)
        return "n.s.";
    snprintf(text, CELL_BYTES, p < 0.001 ? "<0.001" : "%.3f", p);
    return text;
}

/* ==== Cells ==== */

void cell_number(struct sheet *sheet, const char *format, double x, const char *missing)
{
    char text[CELL_BYTES];

    if (isfinite(x))
        snprintf(text, sizeof text, format, x);
    sheet_cell(sheet, "%s", isfinite(x) ? text : missing);
}

void cell_grouped(struct sheet *sheet, double x)
{
    char text[CELL_BYTES];

    sheet_cell(sheet, "%s", isfinite(x) ? text_grouped(x, text) : "");
}

void cell_percent(struct sheet *sheet, double share)
{
    cell_number(sheet, "%.0f %%", 100.0 * share, "");
}

void cell_mean(struct sheet *sheet, double mean, double stddev)
{
    if (!isfinite(mean))
        sheet_cell(sheet, "%s", "");
    else if (isfinite(stddev))
        sheet_cell(sheet, "%.3f (%.3f)", mean, stddev);
    else
        sheet_cell(sheet, "%.3f", mean);
}

void cell_interval(struct sheet *sheet, struct interval interval, const char *format,
                   const char *missing)
{
    char text[CELL_BYTES];

    sheet_cell(sheet, "%s", text_interval(interval, format, missing, text));
}

/* The test in words. */
static void contrast(struct sheet *sheet, bool is_baseline, double difference,
                     struct interval interval, const char *test)
{
    if (is_baseline) {
        sheet_cell(sheet, "baseline");
        sheet_cell(sheet, "%s", "");
        sheet_cell(sheet, "%s", "");
        return;
    }
    cell_number(sheet, "%+.4f", difference, "");
    cell_interval(sheet, interval, "%+.4f", isfinite(difference) ? "no interval" : "");
    sheet_cell(sheet, "%s", isfinite(difference) ? test : "");
}

void cells_contrast(struct sheet *sheet, bool is_baseline, double difference,
                    struct interval interval, double p)
{
    char text[CELL_BYTES];

    contrast(sheet, is_baseline, difference, interval, text_p(p, text));
}

void cells_anytime(struct sheet *sheet, bool is_baseline, double difference, struct interval interval,
                   double e_value)
{
    char text[CELL_BYTES];

    snprintf(text, sizeof text, "%.3g", e_value);
    contrast(sheet, is_baseline, difference, interval, text);
}
