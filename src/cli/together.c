/* together.c - see together.h. */
#include "src/glu.h"

#include "build-info.h"
#include "src/cli/together.h"

#include "src/cli/version.h"
#include "src/comm/ranks.h"

#include <stdio.h>
#include <stdlib.h>

int together_check(int argc, char *const *argv)
{
    struct comm *all = ranks_get()->all;
    char *text = NULL;
    size_t bytes;
    FILE *out;
    int status;

    if (all->size == 1)
        return 0;
    out = open_memstream(&text, &bytes);
    if (!out)
        return err_set("out of memory");
    fprintf(out, "glubench %s (%s)\n", PACKAGE_VERSION, BUILD_GIT_COMMIT);
    version_parts(out);
    for (int i = 1; i < argc; i++)
        fprintf(out, "the argument '%s'\n", argv[i]);
    fprintf(out, "no further argument\n");
    status = fclose(out) == 0 ? ranks_same(all, text) : err_set("out of memory");
    free(text);
    return status;
}

int together_command(const struct invocation *invocation, bool *idle)
{
    const struct ranks *ranks = ranks_get();
    unsigned bit = invocation->command->bit;
    const char *variable;
    int size = ranks->all->size, launched = ranks_launched(size, &variable);

    *idle = false;
    if (!(bit & (COMMAND_RUN_ITSELF | COMMAND_BENCH))) {
        *idle = ranks->all->rank > 0;
        return 0;
    }
    /* A launcher may as well start programs that do a part each. */
    if (launched > 1 && size == 1 && (ranks->library || !invocation->request.cell)) {
        err_set(ranks->library
                    ? "%s says that %d processes were started, and %s sees one; start glubench_mpi by "
                      "the launcher of that MPI (or srun by another --mpi)"
                    : "%s says that %d processes were started, and each would do the same; start "
                      "glubench_mpi for one training by several",
                variable, launched, ranks->library);
        return -1;
    }
    return 0;
}

/* All that was read, one value a line. */
static int same_settings(const struct settings *settings)
{
    const size_t flags = JSON_INDENT(1) | JSON_SORT_KEYS;
    int status = 0;

    for (int i = 0; i < settings->count && status == 0; i++) {
        json_t *config = setting_json(&settings->setting[i], NULL, NULL);
        char *text = config ? json_dumps(config, flags) : NULL;

        status = ranks_all(ranks_get()->all, text ? 0 : err_set("out of memory"));
        if (status == 0)
            status = ranks_same(ranks_get()->all, text);
        free(text);
        json_decref(config);
    }
    return status;
}

int together_divide(const struct settings *settings, int status)
{
    struct comm *all = ranks_get()->all;

    if (all->size == 1)
        return status;
    if (ranks_all(all, status) || same_settings(settings))
        return -1;
    return ranks_divide(setting_ranks_per_run(&settings->setting[0]));
}
