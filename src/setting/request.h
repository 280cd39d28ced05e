/* request.h - what a command is asked to do that is no part of the trainings: how it prints, and
 * how much it talks.  Commands that train nothing need no more. */
#ifndef GLU_SETTING_REQUEST_H
#define GLU_SETTING_REQUEST_H

#include "src/setting/option.h"

struct request {
    struct text_list vary; /* OPTION=V1,V2,... */
    char *study;           /* a study file */
    char *cell;            /* K/N; NULL: all cells */
    double detect_nats;    /* 0: not asked */
    int ranks;             /* of a cluster; 0: not asked */
    double network_gbit_per_s, node_gflop_per_s; /* 0: not told */
    char *table, *format;
    double fail_on_percent; /* below 0: never */
    bool quiet, verbose;

    unsigned char origin[SETTING_OPTIONS_MAX]; /* enum origin, by row of the table */
};

/* The defaults and those of the arguments that belong here.  0, or -1 and a message naming the
 * option and the legal values.  The request must be freed in either case. */
int request_read(struct request *request, const struct setting_argument *arguments, int count)
    GLU_MUST_USE;
void request_free(struct request *request);

#endif
