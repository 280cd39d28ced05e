/* layout.h - a JSON object as a struct: one list of members says how it is written and how it is
 * read, so that what computes and what prints work on C's own types.
 *
 *     struct row {
 *         const char *variant;
 *         double mean_nats;
 *     };
 *     static const struct member members[] = {MEMBER(struct row, variant),
 *                                             MEMBER(struct row, mean_nats)};
 *     static const struct layout layout = LAYOUT(struct row, members);
 *
 * What is missing or null is NAN, NULL, 0, false or empty, as json_help.h has it. */
#ifndef GLU_RESULTS_LAYOUT_H
#define GLU_RESULTS_LAYOUT_H

#include "src/glu.h"
#include "src/util/interval.h"

#include <jansson.h>

struct numbers {
    double *x; /* owned */
    int count;
};
struct names {
    const char **name; /* the list is owned, the names are the document's */
    int count;
};

enum member_kind {
    MEMBER_TEXT, /* the document's */
    MEMBER_NUMBER,
    MEMBER_INTEGER,
    MEMBER_FLAG,
    MEMBER_INTERVAL,
    MEMBER_NUMBERS,
    MEMBER_NAMES
};

struct member {
    const char *key;
    enum member_kind kind;
    size_t offset;
};

/* The key is the member's name and the kind follows from its type. */
#define MEMBER(type, member)                                                                       \
    {                                                                                              \
        #member,                                                                                   \
            _Generic(((type *)0)->member,                                                          \
                     const char *: MEMBER_TEXT,                                                    \
                     double: MEMBER_NUMBER,                                                        \
                     int64_t: MEMBER_INTEGER,                                                      \
                     bool: MEMBER_FLAG,                                                            \
                     struct interval: MEMBER_INTERVAL,                                             \
                     struct numbers: MEMBER_NUMBERS,                                               \
                     struct names: MEMBER_NAMES),                                                  \
            offsetof(type, member)                                                                 \
    }

struct layout {
    const struct member *members;
    int count;
    size_t bytes; /* of the struct */
};
#define LAYOUT(type, members) {members, LENGTH_OF(members), sizeof(type)}

/* Set the members of an object; what else it has stays.  0, or -1 and a message (memory). */
int layout_put(const struct layout *layout, const void *row, json_t *object);
/* Read the members of an object, and leave what else the struct has alone.  0, or -1 and a message
 * (memory) and nothing to release. */
int layout_get(const struct layout *layout, void *row, const json_t *object);
/* Free the lists of a struct. */
void layout_release(const struct layout *layout, void *row);

/* The objects of an array as an array of structs, zero but for their members.  NULL and a message
 * when memory runs out; layout_free() else. */
void *layout_rows(const struct layout *layout, const json_t *array, int *count);
void layout_free(const struct layout *layout, void *rows, int count);

#endif
