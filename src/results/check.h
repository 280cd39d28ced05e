/* check.h - what a results document says against itself, and which of it is believed.
 *
 * What is measured (the configuration, the runs, the samples) is believed; what follows from it is
 * computed.  A file that was edited, or put together by another program, may say one thing here
 * and another there, so everyone who reads a file holds to one rule:
 *
 *     CHECK_REFUSED   what was measured contradicts itself: the file is refused
 *     CHECK_TOLD      what was measured is not all, or not just, what was asked for: it is told,
 *                     and what is there counts
 *     CHECK_COMPUTED  what follows from the rest is not what the rest gives: it is told, and
 *                     computed anew
 *
 * `validate` calls all three faults. */
#ifndef GLU_RESULTS_CHECK_H
#define GLU_RESULTS_CHECK_H

#include "src/glu.h"

#include <jansson.h>

enum check_kind { CHECK_REFUSED, CHECK_TOLD, CHECK_COMPUTED };

/* Called for each fault: where, as "runs[3].seed", and what is wrong there. */
typedef void check_fn(void *context, enum check_kind kind, const char *at, const char *what);

/* All but the tables, of a document that fits the schema and whose size was checked.  0, or -1 and
 * a message (memory). */
int check_document(const json_t *document, check_fn *fault, void *context);
/* The tables and the agreement of `document` against those of `again`, a copy of it of which they
 * were computed.  Other builds round otherwise: a millionth is no difference. */
void check_tables(const json_t *document, const json_t *again, check_fn *fault, void *context);

/* Three of its rules: do a run's perplexity and its nats per byte follow from its log-perplexity, and is
 * a variant's stated difference of parameters the counted one (or is there none)? */
bool check_perplexity(const json_t *run);
bool check_bytes(const json_t *run);
bool check_difference(double stated, double counted);

/* What a run's nats per byte should be; NAN where there is no telling. */
double check_nats_per_byte(const json_t *run);

/* The key of a variant at a seed, of which there is one row: `key`, filled. */
enum { CHECK_CELL_BYTES = 256 };
const char *check_cell(const char *variant, int64_t seed, char key[CHECK_CELL_BYTES]);

#endif
