/* gather.h - the results files of a study's directory, from the records of its runs: of one whose runs were
 * done by many programs, which write none, or of one that was stopped. */
#ifndef GLU_STUDY_GATHER_H
#define GLU_STUDY_GATHER_H

#include "src/study/store.h"

#include <jansson.h>

struct gathered {
    json_t *study;     /* study.json */
    json_t *documents; /* {SETTING: its results document}, of those that have a run */
    json_t *missing;   /* (rows of study.json's cells) that are not done */
    int cells;         /* of the study */
    json_t *halves;    /* {KEY: true}, of the runs of half of the steps: those that are counted */
    json_t *kept;      /* {SETTING: what its file has that the study has not}: it is not replaced */
};

/* Read it; the runs of half of the steps too, which may be those of several settings.  A results file that
 * is there gives what records have not: throughput, runs that failed.  A damaged record is a warning, and
 * its run is missing.  0, or -1 and a message (no study, a damaged file); to be closed in either case. */
int gather_open(struct gathered *gathered, const struct store *store) GLU_MUST_USE;
void gather_close(struct gathered *gathered);

/* Write the results files and put the study's tables into study.json; the store is locked.  No file that is
 * not ours, or has what the study has not, is replaced.  0, or -1 and a message. */
int gather_write(const struct gathered *gathered, struct store *store) GLU_MUST_USE;

/* Is another program at work on a missing one? */
bool gather_is_claimed(const struct store *store, const json_t *missing);

#endif
