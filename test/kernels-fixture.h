/* kernels-fixture.h - arrays in the storage types, and the worst error of a kernel over all sizes. */
#ifndef GLU_TEST_KERNELS_FIXTURE_H
#define GLU_TEST_KERNELS_FIXTURE_H

#include "src/nn/dnn.h"

#include <stdint.h>

/* Elements that checks take: below, at and above the widths of vectors. */
static const int sizes[] = {1, 2, 7, 16, 31, 33, 64, 100, 257, 2049};

enum { MOST = 3 * 2049 };

/* ==== Arrays ==== */

/* The exact values as doubles beside what a kernel gets. */
struct array {
    double exact[MOST];
    float f32[MOST + 1];     /* and a guard behind the last element, which no kernel may touch */
    uint16_t bf16[MOST + 1];
};

uint16_t to_bf16(float x);
/* Round the n exact values to the type and store them in the arrays. */
void put(struct array *a, int n, enum dnn_type type);
/* Put values of a normal distribution around 0, or zeros in f32. */
void draw(struct array *a, int n, double stddev, enum dnn_type type);
void put_zeros(struct array *a, int n);
/* What a kernel of the type gets, and what it left there. */
void *data(struct array *a, enum dnn_type type);
double element(const struct array *a, int i, enum dnn_type type);

/* ==== A check ==== */

extern double worst; /* error since check_begin() */
extern int trampled; /* guards that were written to, and whatever else is wrong */

/* Every check draws the same, whatever was checked before. */
void check_begin(void);
/* An error that a check found; one that is no number is the worst. */
void check_error(double error);
/* The error of n elements relative to the largest of `want`, or to `least`, the size of the terms that a
 * difference is made of, where that is more; compare(): 0. */
void compare_terms(const struct array *got, const double *want, int n, enum dnn_type type,
                   double least);
void compare(const struct array *got, const double *want, int n, enum dnn_type type);
/* The check's line: is the worst error within the type's tolerance? */
void check_end(const char *isa, enum dnn_type type, const char *what);

#endif
