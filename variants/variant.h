/* variant.h - what a feed-forward variant is.
 *
 * ungated:  dst = act(src W1) W2
 * gated:    dst = (act(src W) * (src V)) W2      W is the gate, V is linear
 *
 * A variant is one file in this folder and one line in registry.c; an activation, one file in
 * activations/ and one line in its list.h. */
#ifndef GLU_VARIANTS_VARIANT_H
#define GLU_VARIANTS_VARIANT_H

#include <stdbool.h>

/* Element-wise functions: ACT_LINEAR, ACT_RELU, ... in the order of activations/list.h. */
enum act {
#undef ACTIVATION_SCALAR /* the heads alone, whoever includes this */
#undef ACTIVATION_VECTOR
#define ACTIVATION(id, name, ...) id,
#include "variants/activations/list.h"
    ACT_COUNT
};

enum { ACTIVATION_ALIASES = 4, ACTIVATION_HF_NAMES = 6, ACTIVATION_SCALARS = 2 };

/* What transformers/activations.py calls an activation of these alpha and beta; those that it does not
 * have are not compared. */
struct hf_name {
    const char *name;
    double alpha, beta;
};

/* A function of both branches, and its slopes; slopes by the trained scalars. */
struct act_pair {
    double value, by_gate, by_up;
};
struct act_by {
    double alpha, beta;
};

/* One activation: a file in activations/ and a line of the list there. */
struct activation {
    enum act act;
    const char *name;                        /* as in the JSON and in custom: */
    const char *aliases[ACTIVATION_ALIASES]; /* others that custom: understands; NULL: no more */
    struct hf_name hf_names[ACTIVATION_HF_NAMES]; /* the best first; NULL: no more */
    int parameters;                          /* how many: 0, 1 (alpha) or 2 (alpha and beta) */
    double default_alpha, default_beta;
    bool ordered; /* alpha <= beta is a must */
    /* So many of alpha and beta are trained, in every layer anew, from the defaults on, and are called
     * so in checkpoints. */
    int scalars;
    const char *scalar_names[ACTIVATION_SCALARS];
    /* The scalar form in double, the oracle of tests and reference. */
    double (*value)(double x, double alpha, double beta);
    double (*derivative)(double x, double alpha, double beta);
    struct act_pair (*pair)(double x, double y, double alpha, double beta); /* NULL: value(x) y */
    struct act_by (*by)(double x, double alpha, double beta); /* NULL: no scalars */
};

struct variant {
    const char *name;     /* on the command line and in the JSON: "swiglu" */
    const char *label;    /* in tables: "FFN_SwiGLU" */
    const char *formula;  /* "(Swish_1(x W) * x V) W2" */
    const char *citation; /* where it is defined */
    bool gated;
    bool in_paper;      /* one of the eight of --all-variants */
    bool in_narang2021; /* one of the twelve of table 1 of Narang et al. 2021, arXiv:2102.11972 */
    enum act act;
    double alpha, beta;
};

/* The row of an activation; never NULL for a member of enum act. */
const struct activation *activation_get(enum act act);
/* By name or alias, in capitals or not; or NULL. */
const struct activation *activation_find(const char *name);

/* The i-th name, from 0, by which transformers/activations.py has the very function that the variant
 * applies, alpha and beta (to a float's precision) included; NULL past the last. */
const char *variant_hf_name(const struct variant *variant, int i);
/* Do both apply the same function in the same place, whatever they are called? */
bool variant_computes_same(const struct variant *a, const struct variant *b);
/* act(x) y and its slopes, or what the activation has in its place. */
struct act_pair activation_gate(const struct activation *activation, double x, double y, double alpha,
                                double beta);

/* All variants, in the order of the paper's table 1, those beyond the paper last. */
int variant_count(void);
/* i in 0 .. variant_count() - 1. */
const struct variant *variant_at(int i);

/* The i-th group of variants, or NULL past the last; whether a variant is in the one of that name. */
const char *variant_group_name(int i);
bool variant_is_in(const struct variant *variant, const char *group);

/* The variant of that name, in capitals or not; "custom:ACT[,gated][,alpha=NUMBER][,beta=NUMBER]"
 * makes one in *storage (its strings live in storage too), which must outlive the use of the result,
 * unless that spells out a registered one, which is found then.  Equal variants have equal names,
 * however they were written.
 * NULL and a message that lists what exists when the name is unknown. */
struct variant_storage {
    struct variant variant;
    char name[128], label[128], formula[128];
};
const struct variant *variant_find(const char *name, struct variant_storage *storage);
/* Are these two names of one variant?  Files of earlier versions call registered ones custom.  Names
 * that nobody knows, or NULL, are of none but themselves.  No message. */
bool variant_same(const char *a, const char *b);

/* The width of this variant's hidden layer when an ungated one has d_ff: d_ff, or 2/3 d_ff when
 * gated, so that 3 matrices hold what 2 did (the paper's section 2).  -1 and a message when d_ff is
 * not positive, or not divisible by 3 and the variant is gated. */
int variant_d_ff(const struct variant *variant, int d_ff);

#endif
