/* json_help.h - JSON values with the rules of the files that glubench writes: missing is null,
 * never NaN. */
#ifndef GLU_UTIL_JSON_HELP_H
#define GLU_UTIL_JSON_HELP_H

#include "src/glu.h"
#include "src/util/interval.h"

#include <jansson.h>
#include <stdio.h>

/* New references; NULL only when memory runs out. */
/* A number as a file will have it, so that what is computed from a document does not depend on
 * whether it was written and read in between. */
double json_rounded(double x);
json_t *json_number(double x);                    /* null unless finite */
json_t *json_interval(struct interval interval);  /* [low, high], or null */
json_t *json_text(const char *text);              /* null for NULL; a byte that is not UTF-8 as \xe9 */

/* Set object[key], stealing value.  -1 when anything ran out of memory (either may be NULL), so
 * that a list of them can be or-ed together and looked at once. */
int json_put(json_t *object, const char *key, json_t *value);
int json_push(json_t *array, json_t *value);
/* `value` when bad is 0, otherwise NULL, freed, with the message that memory ran out. */
json_t *json_finish(json_t *value, int bad);

/* A number, or NAN for any other value and for NULL. */
double number_of(const json_t *value);
/* A whole number that 64 bits hold, whichever way it is written: 3, 3.0 and 3e0 are one number, and
 * other programs write a file anew in their own way. */
bool is_whole(const json_t *value);
/* Such a number; `other` for any other value and for NULL. */
int64_t integer_of(const json_t *value, int64_t other);
/* A member of an object, whatever the two are: NAN, NULL or `other` when it is not of that type. */
double number_at(const json_t *object, const char *key);
const char *text_at(const json_t *object, const char *key);
int64_t integer_at(const json_t *object, const char *key, int64_t other);
struct interval interval_at(const json_t *object, const char *key);
/* The same with a path of keys: "config.model.d_ff".  Borrowed, or NULL. */
json_t *value_at(const json_t *object, const char *path);

/* A number in as few digits as tell it: 0.1, 2 for 2.0, 0 for -0.0. */
enum { REAL_BYTES = 64 };
void text_of_real(double x, char text[REAL_BYTES]);

/* Two texts that may be missing: two that are, are the same. */
bool texts_equal(const char *a, const char *b);
/* Two values that may be missing, with numbers compared by value and members in any order. */
bool json_same(const json_t *a, const json_t *b);

/* Is the value at this path left out of a comparison? */
typedef bool json_skip_fn(const void *context, const char *path);
/* Which scalars and lists of two values differ, as "config.precision (f32, bf16)", listed after
 * what `text` holds already and cut at `bytes`; `path` is what the names begin with.  Those for which
 * skip() is true do not count; NULL: all do.  Returns how many differ. */
int json_differences(const json_t *a, const json_t *b, const char *path, json_skip_fn *skip,
                     const void *context, char *text, size_t bytes);

/* Print a value for people and machines: 2 spaces a level, what fits on a line on one line, long
 * lists of numbers filled up to the margin.  0 or -1. */
int json_print(FILE *out, const json_t *value);

#endif
