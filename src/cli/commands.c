/* commands.c - the table of commands. */
#include "src/glu.h"

#include "src/cli/cli.h"

static const struct command commands[] = {
    {"run", COMMAND_RUN | COMMAND_RUN_ITSELF, NULL, 0, 0,
     "train the variants, evaluate and time them, write the results file (default)", command_run},
    {"finetune", COMMAND_RUN | COMMAND_RUN_ITSELF | COMMAND_FINETUNE, NULL, 0, 0,
     "train weights on, on tasks with scores: GLUE, SuperGLUE, SQuAD or a table of your own",
     command_finetune},
    {"bench", COMMAND_BENCH, NULL, 0, 0,
     "measure the throughput of training steps and forward passes", command_bench},
    {"plan", COMMAND_PLAN | COMMAND_FINETUNE, NULL, 0, 0,
     "tell sizes, operations, memory and time of a run without running it", command_plan},
    {"cells", COMMAND_RUN | COMMAND_FINETUNE, NULL, 0, 0,
     "print a command for each run, to be done anywhere and in any order", command_cells},
    {"gather", COMMAND_GATHER, "DIR", 1, 1,
     "write the results files of a study from the runs that are done, and tell which are missing",
     command_gather},
    {"list", COMMAND_LIST, NULL, 0, 0, "list variants and presets", command_list},
    {"report", COMMAND_REPORT, "FILE...", 1, 1000, "print tables from results files",
     command_report},
    {"compare", COMMAND_COMPARE, "BEFORE.json AFTER.json", 2, 2,
     "compare two results files of one configuration", command_compare},
    {"score", COMMAND_SCORE, "FILE.jsonl...", 1, 1000,
     "score predictions again, and test what they differ from the first file's by", command_score},
    {"validate", COMMAND_VALIDATE, "FILE...", 1, 1000, "check results files", command_validate},
};

int command_count(void)
{
    return (int)LENGTH_OF(commands);
}

const struct command *command_at(int i)
{
    return &commands[i];
}
