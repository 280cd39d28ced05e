/* options.h - what is to be studied. */
#ifndef GLU_STUDY_OPTIONS_H
#define GLU_STUDY_OPTIONS_H

#include "src/setting/setting.h"
#include "src/study/axes.h"

struct study_options {
    const struct setting *settings; /* (count) */
    int count;
    const struct axes *axes; /* what they are the settings of; NULL: there is one, and its output is
                              * the results file */
    const char *directory;   /* with axes: where all of it goes */
    const char *file;        /* where the axes were read; NULL: nowhere */
    int64_t cell, cells;     /* this program does that one of so many parts of the runs and writes no
                              * results file; 0, 0: it does all */
    const char *command;     /* with axes: the `run` that does the same, without its output and part, for who
                              * does it again; NULL: not known */
    int argc;                /* the command, for the results files */
    char *const *argv;
};

#endif
