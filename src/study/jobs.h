/* jobs.h - threads that take one run of a study after the other, and write the results files meanwhile. */
#ifndef GLU_STUDY_JOBS_H
#define GLU_STUDY_JOBS_H

#include "src/study/looks.h"
#include "src/study/study.h"
#include "src/train/train.h"

#include <jansson.h>
#include <pthread.h>

/* Threads that take one cell after the other. */
struct jobs {
    struct study *study;
    struct dump *dump;
    struct journal *journal;

    pthread_mutex_t lock; /* of all below, of the runs' progress and of what is done */
    pthread_cond_t ended; /* a run has, for those who wait for a look */
    struct looks looks;
    int next;
    bool again;  /* only what other programs had is looked at once more */
    int working; /* threads that have a run */
    int started; /* threads that have begun to take cells */
    double start_s;
    int64_t steps_all, steps_done;
    int64_t steps_skipped; /* done by another program, or never */

    bool is_writing;
    double due_s; /* when results may be written again */
    struct run_result *finished; /* (run_count) of the one who writes: copies of results */
    char write_error[512]; /* of the last time; "" when it went well */
};

/* Do all runs that are this program's, and at the end those once more that other programs had: they may have
 * left them, ended or not.  0, or -1 and a message (memory, or a rank cannot go on). */
int jobs_work(struct jobs *jobs) GLU_MUST_USE;
/* How many of them other programs have. */
int jobs_elsewhere(const struct study *study);

/* Write what there is so far of a setting; *document is the content (new reference), or NULL.  Where a signal
 * came before a run had ended, a file that is there stays.  A failure is kept and told.  Called without the lock, by one thread at a time. */
void jobs_write(struct jobs *jobs, struct part *part, json_t **document);
/* Write what is new, if nobody is writing and it is time to. */
void jobs_write_if_due(struct jobs *jobs);

#endif
