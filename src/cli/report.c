/* report.c - `glubench report`: tables from results files, or from the directory of a study. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"
#include "src/setting/option.h"
#include "src/setting/setting.h"
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

/* Of a study that is under way, the tables are of what is there. */
static void warn_of_missing(const struct gathered *gathered, const char *directory)
{
    size_t missing = json_array_size(gathered->missing);

    if (missing > 0 && json_object_size(gathered->documents) > 0)
        warn_add("%s: %zu of %d runs are missing; 'glubench gather %s' tells which", directory, missing,
                 gathered->cells, directory);
}

/* `beside` NULL: nobody said. */
static int report_study(const struct invocation *invocation, json_t *beside)
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
    if (beside && is_of_study(table)) {
        err_set("--beside: the table %s is over settings; take --table perplexity, agreement or verdict, "
                "of each setting", table);
        return EXIT_USAGE;
    }
    if (store_open_reading(&store, directory))
        return EXIT_FAILED;
    if (gather_open(&gathered, store) == 0) {
        warn_of_missing(&gathered, directory);
        if (study_report_print(standard_data(), directory, gathered.documents, table, request->format,
                               beside) == 0)
            status = EXIT_OK;
    }
    gather_close(&gathered);
    store_close(store);
    return status;
}

static int report_files(const struct invocation *invocation, json_t *beside)
{
    const struct request *request = &invocation->request;
    const char *table = request->table ? request->table : "perplexity";
    json_t *document;
    int status;

    if (is_of_study(table)) {
        err_set("--table %s is of a study: give its directory", table);
        return EXIT_USAGE;
    }
    document = results_merge((const char *const *)invocation->operands, invocation->operand_count,
                             setting_affects);
    status = document && (!beside || results_put_beside(document, beside) == 0)
                     && report_print(standard_data(), document, table, request->format) == 0
                 ? EXIT_OK
                 : EXIT_FAILED;
    json_decref(document);
    return status;
}

int command_report(const struct invocation *invocation)
{
    struct setting setting; /* what is said of the papers alone */
    json_t *beside = NULL;
    int status = EXIT_USAGE;

    if (setting_said(&setting, invocation->arguments, invocation->argument_count))
        goto out;
    status = EXIT_FAILED;
    if (setting.beside.count > 0) {
        beside = text_list_json(&setting.beside);
        if (!beside)
            goto out;
    }
    status = is_directory(invocation->operands[0]) ? report_study(invocation, beside)
                                                   : report_files(invocation, beside);
out:
    json_decref(beside);
    setting_free(&setting);
    return status;
}
