/* status.h - how a study ends. */
#ifndef GLU_STUDY_STATUS_H
#define GLU_STUDY_STATUS_H

/* How a study ended; a message is set unless it is STUDY_OK. */
enum study_status {
    STUDY_OK,
    STUDY_FAILED,      /* it could not start, or the results could not be written */
    STUDY_MISFIT,      /* it could not start: the weights to begin with, or the files of a task, are not what is
                        * asked for */
    STUDY_RUNS_FAILED, /* complete, but some runs failed or diverged */
    STUDY_INTERRUPTED
};

#endif
