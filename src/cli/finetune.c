/* finetune.c - `glubench finetune`: train weights on, on tasks with scores. */
#include "src/glu.h"

#include "src/cli/study.h"

/* Is it told what is fine-tuned, and on what? */
static int check(const struct invocation *invocation)
{
    static const char *const needed[] = {"from", "task"};

    for (size_t k = 0; k < LENGTH_OF(needed); k++) {
        int option = setting_option_find(needed[k]), found = 0;

        for (int i = 0; i < invocation->argument_count; i++)
            found |= invocation->arguments[i].option == option;
        if (!found)
            return err_set(k == 0 ? FIELD("from") " is missing: the directory of the weights, as 'glubench run' "
                                    "writes them with " FIELD("save_checkpoint")
                                  : FIELD("task") " is missing: glue, superglue, squad, paper, or some of their "
                                    "tasks");
    }
    return 0;
}

int command_finetune(const struct invocation *invocation)
{
    static const struct printed tables[] = {PRINTED_SCORES,
                                            {.table = "perplexity", .without = "tables.scores"}};
    static const struct study_command command = {study_run, "glubench-finetune.json", tables,
                                                 LENGTH_OF(tables), NULL};

    return check(invocation) ? EXIT_USAGE : study_command(invocation, &command);
}
