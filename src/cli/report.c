/* report.c - `glubench report`: tables from results files, or from the directory of a study. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"
#include "src/setting/option.h"
#include "src/study/gather.h"
#include "src/util/standard.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_directory(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool is_of_study(const char *table)
{
    const char *name;

    for (int i = 0; (name = study_table_name(i, NULL)) != NULL; i++)
        if (strcmp(name, table) == 0)
            return true;
    return false;
}

static int report_study(const struct invocation *invocation)
{
    const struct request *request = &invocation->request;
    const char *directory = invocation->operands[0], *table = request->table ? request->table : "transfer";
    struct gathered gathered;
    struct store *store;
    int status = EXIT_FAILED;

    if (invocation->operand_count > 1) {
        err_set("%s is the directory of a study, which is reported alone", invocation->operands[0]);
        return EXIT_USAGE;
    }
    if (store_open_reading(&store, directory))
        return EXIT_FAILED;
    if (gather_open(&gathered, store) == 0 &&
        study_report_print(standard_data(), directory, gathered.documents, table, request->format) == 0)
        status = EXIT_OK;
    gather_close(&gathered);
    store_close(store);
    return status;
}

int command_report(const struct invocation *invocation)
{
    const struct request *request = &invocation->request;
    const char *table = request->table ? request->table : "perplexity";
    json_t *document;
    int status;

    if (is_directory(invocation->operands[0]))
        return report_study(invocation);
    if (is_of_study(table)) {
        err_set("--table %s is of a study: give its directory", table);
        return EXIT_USAGE;
    }
    document = results_merge((const char *const *)invocation->operands, invocation->operand_count,
                             setting_affects);
    status = document && report_print(standard_data(), document, table, request->format) == 0
                 ? EXIT_OK
                 : EXIT_FAILED;
    json_decref(document);
    return status;
}
