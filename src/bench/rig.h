/* rig.h - what every measurement stands on: batches of text, models that are opened and warmed up,
 * and passes that are repeated under the clock.
 *
 * A rig has one or several subjects, which see the same batches.  All that can take long ends
 * between two passes when it is told to stop, and returns 1 then. */
#ifndef GLU_BENCH_RIG_H
#define GLU_BENCH_RIG_H

#include "src/model/decode.h"
#include "src/setting/setting.h"

#include <stdatomic.h>

enum rig_pass { RIG_TRAIN, RIG_FORWARD, RIG_PASSES };
enum { RIG_BATCHES_MAX = 4, RIG_REPEATS_MAX = 10000 };

struct rig;
struct rig_subject;

/* What can be measured: a model of a variant, and how each of its passes is done once. */
struct rig_kind {
    const char *pass[RIG_PASSES]; /* their names */
    /* The batch that it takes again and again; NULL: batches of the task. */
    int (*batch)(struct batch **batch, const struct model_options *model);
    int (*tokens)(const struct model_options *model); /* of an example, done by a pass */
    int (*model)(const struct setting *setting, const struct variant *variant,
                 struct model_options *model);
    /* Besides the model, when it is opened; NULL: nothing. */
    int (*open)(struct rig *rig, struct rig_subject *subject);
    int (*once[RIG_PASSES])(struct rig *rig, struct rig_subject *subject);
};
/* The setting's model, a training step and an evaluation: "train", "forward". */
extern const struct rig_kind rig_model;
/* One feed-forward layer of the paper's shape, with the threads and the precision of the setting, whose
 * weights are packed anew as after a step: "ffn_train", "ffn_forward". */
extern const struct rig_kind rig_layer;
/* Greedy decoding of setting->decode tokens an example, with keys and values that are kept and by running the
 * whole decoder anew for every token: "decode", "decode_anew". */
extern const struct rig_kind rig_decode;

struct rig_options {
    const struct rig_kind *kind;
    const struct setting *setting;       /* borrowed: its first seed, for all */
    const struct task *task;             /* borrowed: its text, in batches of the models' size */
    const struct model_options *models;  /* (subjects), copied; they agree in batch and lengths */
    int subjects;
    int batches;                         /* to take in turn, at most RIG_BATCHES_MAX */
    bool refills;                        /* rig_refill() will be called */
    int passes;                          /* 1: training alone; RIG_PASSES: forward too */
    int warm_up;                         /* how often each pass is done before it counts */
    bool resident;                       /* subjects stay open; if not, each is opened for a sample */
    const atomic_int *stop;              /* not 0: end early; or NULL */
};

struct rig_subject {
    struct model_options options;
    struct model *model; /* NULL: it is closed */
    struct decoder *decoders[RIG_PASSES]; /* of decoding alone */
    int64_t done;        /* passes since it was opened */
};

/* What doing a pass once amounts to. */
struct rig_size {
    int batch;
    int64_t tokens;       /* padding counted */
    double examples;      /* of batches of several lengths, the mean */
    double padding_share; /* of the tokens */
    int64_t flops[RIG_PASSES]; /* of the matrix products */
};

struct rig {
    struct rig_options options;
    struct rig_subject *subjects;
    struct task *task;                      /* the options' task, for the models' size; NULL: as it is */
    struct task_stream *stream;             /* NULL: no more batches are needed */
    struct batch *batches[RIG_BATCHES_MAX];
    double *example_nats;                   /* (examples of a batch) */
};

/* The batches are read, no subject is open yet.  0 or -1; closed in either case. */
int rig_open(struct rig *rig, const struct rig_options *options) GLU_MUST_USE;
void rig_close(struct rig *rig);

/* Read the next batches in place of the present ones, in *seconds.  0 or -1. */
int rig_refill(struct rig *rig, double *seconds) GLU_MUST_USE;

/* Open a subject and do each of its passes a few times, so that memory and caches are warm; one
 * that is open stays as it is.  0, 1 or -1. */
int rig_prepare(struct rig *rig, int subject) GLU_MUST_USE;
/* Close a subject, unless subjects are resident. */
void rig_rest(struct rig *rig, int subject);

/* Do a pass of an open subject so often, in *seconds.  0, 1 or -1. */
int rig_repeat(struct rig *rig, int subject, enum rig_pass pass, int times, double *seconds)
    GLU_MUST_USE;
/* How often an open subject's pass is to be done to last for sample_s: between 1 and
 * RIG_REPEATS_MAX.  *once_s: of once.  0, 1 or -1. */
int rig_choose_repeats(struct rig *rig, int subject, enum rig_pass pass, double sample_s,
                       int *repeats, double *once_s) GLU_MUST_USE;
/* The same as rig_repeat(), of a subject that is prepared before, and rests after.  0, 1 or -1. */
int rig_sample(struct rig *rig, int subject, enum rig_pass pass, int times, double *seconds)
    GLU_MUST_USE;

/* 0 or -1. */
int rig_size(const struct rig *rig, int subject, struct rig_size *size) GLU_MUST_USE;

#endif
