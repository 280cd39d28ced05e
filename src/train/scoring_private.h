/* scoring_private.h - what the files of scoring share: scoring.c, which asks and chooses, scoring_result.c and
 * scoring_state.c. */
#ifndef GLU_TRAIN_SCORING_PRIVATE_H
#define GLU_TRAIN_SCORING_PRIVATE_H

#include "src/results/checkpoints.h"
#include "src/train/answers.h"
#include "src/train/scoring.h"

/* A task that is judged. */
struct judged {
    int set; /* of the text sets */
    const struct text_task *task;
    struct questions dev;
    int column, columns; /* the first of its scores among all, and how many it has */
    json_t *scores, *last;  /* of the best checkpoint of its group, and of the last one */
    struct answers answers; /* of the best, for the predictions */
    int64_t step;           /* of the best */
};

struct scoring {
    const struct text2text *text2text;
    struct model *model;
    struct decoder *decoder;
    struct judged *judged; /* (count) */
    int count;
    int columns;
    const char **groups;  /* (columns) */
    char (*names)[96];    /* (columns): "sst2.accuracy" */
    double *score;        /* (checkpoints, columns) */
    double *nats;         /* (checkpoints) */
    int64_t *steps;       /* (checkpoints) */
    int checkpoints;
    float *weights;       /* of the best checkpoint, where there is a test set; NULL */
    size_t weight_count;
};

/* Has the task a test set, which is read at the end? */
bool scoring_has_test(const struct scoring *scoring, const struct judged *judged);
/* Read it: its scores and answers take the place of the dev set's.  0, or -1 and a message. */
int scoring_test(struct scoring *scoring, struct judged *judged) GLU_MUST_USE;
/* All checkpoints. */
struct checkpoints scoring_table(const struct scoring *scoring);
/* Room for one more.  0 or -1. */
int scoring_add_checkpoint(struct scoring *scoring, int64_t step) GLU_MUST_USE;

#endif
