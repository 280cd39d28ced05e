/* study.h - what `glubench run` and `glubench bench` do alike. */
#ifndef GLU_CLI_STUDY_H
#define GLU_CLI_STUDY_H

#include "src/cli/cli.h"
#include "src/setting/setting.h"
#include "src/study/run.h"
#include "src/study/study.h"

/* A table that is printed, and when. */
struct printed {
    const char *table;
    const char *member; /* when the document has it: "tables.scores"; NULL: always */
    const char *without; /* and has not this; NULL: always */
    const char *scores; /* and runs have scores of that table of tasks; NULL: always */
    bool (*wanted)(const struct setting *setting); /* and this says so; NULL: always */
};

/* Those of tasks with scores. */
#define PRINTED_SCORES                                                                             \
    {.table = "glue", .scores = "glue"}, {.table = "superglue", .scores = "superglue"},            \
        {.table = "squad", .scores = "squad"}, {.table = "translation", .scores = "translation"},  \
        {.table = "scores", .member = "tables.scores"}

struct study_command {
    enum study_status (*study)(const struct study_options *options, json_t **document);
    const char *output; /* unless --output names another file */
    const struct printed *tables;
    int table_count;
    int (*check)(const struct setting *setting); /* 0, or -1 and a message: it cannot be; NULL: it can */
};

/* Do it and print tables of the results.  Returns an exit status, with a message. */
int study_command(const struct invocation *invocation, const struct study_command *command);

#endif
