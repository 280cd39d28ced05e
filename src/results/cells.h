/* cells.h - how numbers, intervals and tests are written in the cells of a sheet. */
#ifndef GLU_RESULTS_CELLS_H
#define GLU_RESULTS_CELLS_H

#include "src/results/sheet.h"
#include "src/util/interval.h"

enum { CELL_BYTES = 64 };

/* Texts; `text` is where they are written when they are not constant. */

/* With commas between the thousands. */
const char *text_grouped(double x, char text[CELL_BYTES]);
/* "[low, high]", both ends in this format, or `missing`. */
const char *text_interval(struct interval interval, const char *format, const char *missing,
                          char text[CELL_BYTES]);
/* "n.s.", "0.012", "<0.001" or "no test": a p counts when it is below 5 %; above it the number
 * would only invite reading into it. */
const char *text_p(double p, char text[CELL_BYTES]);

/* Cells; empty, or `missing`, when the number is not finite. */

void cell_number(struct sheet *sheet, const char *format, double x, const char *missing);
void cell_grouped(struct sheet *sheet, double x);
void cell_percent(struct sheet *sheet, double share); /* "81 %" of 0.81 */
/* "2.203 (0.004)"; without a spread "2.203". */
void cell_mean(struct sheet *sheet, double mean, double stddev);
void cell_interval(struct sheet *sheet, struct interval interval, const char *format,
                   const char *missing);
/* Difference to the baseline, its interval and p: three cells. */
void cells_contrast(struct sheet *sheet, bool is_baseline, double difference,
                    struct interval interval, double p);
/* The same of what holds at every look. */
void cells_anytime(struct sheet *sheet, bool is_baseline, double difference, struct interval interval,
                   double e_value);
/* What stands above the interval and the test. */
#define HEADING_INTERVAL(sequential) ((sequential) ? "95 % interval,\nevery look" : "95 % interval")
#define HEADING_TEST(sequential) ((sequential) ? "e-value" : "p (Holm)")

#endif
