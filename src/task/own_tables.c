/* own_tables.c - tasks of a user's own tables: two files with the columns input and target. */
#include "src/glu.h"

#include "src/task/metrics/metrics.h"
#include "src/task/rows.h"
#include "src/task/tsv.h"
#include "src/util/nearest.h"

#include <stdlib.h>
#include <string.h>

/* By what the target is: a text, or a number. */
static const struct {
    const struct text_metric *metric;
    bool numbers;
} scores[] = {
    {&text_metric_accuracy, false},   {&text_metric_squad_em, false},   {&text_metric_squad_f1, false},
    {&text_metric_pearson, true},     {&text_metric_spearman, true},    {&text_metric_bleu_13a, false},
    {&text_metric_bleu_intl, false},  {&text_metric_chrf2, false},
};

struct own_tables {
    struct text_task task;
    char path[2][PATH_MAX]; /* by enum text_split */
    const struct text_metric *metrics[2];
    bool numbers;
};

static int add_row(const struct own_tables *own, const char *const row[2], struct examples *examples)
{
    struct example example = {.input = row[0], .target = row[1], .label = -1, .group = -1};
    char excerpt[ROWS_EXCERPT_BYTES];

    if (own->numbers && !rows_number(row[1], &example.number))
        return err_set("the target '%s' is no number, which %s needs: correct the row, or choose another "
                       "metric", rows_excerpt(row[1], excerpt), own->metrics[0]->metric.name);
    return examples_add(examples, &example);
}

static int read_own(const struct text_task *task, const char *directory, enum text_split split,
                    struct examples *examples)
{
    static const struct tsv_column columns[] = {{"input", 0}, {"target", 0}};
    const struct own_tables *own = (const struct own_tables *)task;
    const char *row[TSV_COLUMNS_MAX];
    struct tsv *tsv;
    int got;

    (void)directory; /* the files are named */
    if (tsv_open(&tsv, own->path[split], columns, LENGTH_OF(columns)))
        return err_prepend(FIELD("task"));
    while ((got = tsv_next(tsv, row)) > 0)
        if (add_row(own, row, examples)) {
            got = tsv_blame(tsv);
            break;
        }
    examples->dropped += tsv_dropped(tsv);
    tsv_close(tsv);
    return got;
}

static void close_own(struct text_task *task)
{
    struct own_tables *own = (struct own_tables *)task;

    free(own);
}

/* The score of a name.  0 or -1. */
static int find_metric(struct own_tables *own, const char *name)
{
    const char *names[LENGTH_OF(scores)];

    for (size_t i = 0; i < LENGTH_OF(scores); i++) {
        names[i] = scores[i].metric->metric.name;
        if (strcmp(names[i], name) == 0) {
            own->metrics[0] = scores[i].metric;
            own->numbers = scores[i].numbers;
            return 0;
        }
    }
    return nearest_error(FIELD("task"), "metric of such a task", name, names, LENGTH_OF(names));
}

/* Without METRIC it is the accuracy. */
static int open_own(const struct text_task **task, const char *name, const char *argument)
{
    struct own_tables *own = calloc(1, sizeof *own);
    char *files = strdup(argument), *metric;
    int status = -1;

    *task = NULL;
    (void)name;
    if (!own || !files) {
        err_set("no memory for a task");
        goto done;
    }
    metric = strrchr(files, ':');
    if (metric)
        *metric++ = '\0';
    if (find_metric(own, metric ? metric : text_metric_accuracy.metric.name))
        goto done;
    if (rows_two_files(files, own->path)) {
        err_prepend(FIELD("task") " tsv:%s", text_maker_tsv.argument);
        goto done;
    }
    own->task = (struct text_task) {.name = text_maker_tsv.name, .metrics = own->metrics, .read = read_own,
                                      .close = close_own};
    *task = &own->task;
    status = 0;
done:
    free(files);
    if (status && own)
        close_own(&own->task);
    return status;
}

const struct text_maker text_maker_tsv = {"tsv", "TRAIN,DEV[:METRIC]", open_own};
