/* train.h - one training of one variant at one seed. */
#ifndef GLU_TRAIN_TRAIN_H
#define GLU_TRAIN_TRAIN_H

#include "src/results/results.h"
#include "src/setting/setting.h"
#include "src/train/dump.h"
#include "src/train/journal.h"
#include "src/train/state.h"

/* Where a training is. */
struct train_progress {
    int64_t step, steps;
    double train_loss_nats;             /* of the step */
    double heldout_log_perplexity_nats; /* NAN unless it was just measured */
};

struct train_job {
    const struct setting *setting;
    const struct variant *variant;
    uint64_t seed;
    int threads;
    /* The processes that do it together, each called with the same; NULL: this one alone.  Rank 0 has
     * all that follows, the others nothing of it. */
    struct comm *comm;
    const struct task *task;           /* with held-out examples */
    struct dump *dump;                 /* NULL: none */
    struct journal *journal;           /* NULL: none */
    const char *setting_name;          /* of a study, for the journal; NULL: it is no study */
    const char *init_directory;        /* weights to start from; NULL: from the seed */
    const char *init_sha256;           /* of its weights; with init_directory */
    const char *save_directory;        /* where the final weights go; NULL: nowhere */
    const struct state_place *states;  /* where its states go; NULL: nowhere */
    bool resume;                       /* go on from the latest of them, if there is one */
    /* A training of fewer steps that is else the same, and where its states go.  As far as both have the same
     * learning rates they are one: this one saves a state for the other, if that has none as late.  NULL: none */
    const struct setting *shorter;
    const struct state_place *shorter_states;
    void (*report)(void *context, const struct train_progress *progress); /* NULL: none */
    void *context;
};

/* Train, heeding signals.h.  What happens to the run, failure included, is in *result (to be freed by
 * run_result_free()). */
void train_run(const struct train_job *job, struct run_result *result);

#endif
