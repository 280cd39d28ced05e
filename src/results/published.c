/* published.c - see published.h. */
#include "src/glu.h"

#include "src/results/published.h"

#include "src/results/embedded.h"
#include "src/results/layout.h"
#include "src/util/json_help.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct member paper_members[] = {
    MEMBER(struct published_paper, key),
    MEMBER(struct published_paper, title),
    MEMBER(struct published_paper, source),
    MEMBER(struct published_paper, year),
    MEMBER(struct published_paper, verified),
};
static const struct layout paper_layout = LAYOUT(struct published_paper, paper_members);

static const struct member metric_members[] = {
    MEMBER(struct published_metric, name),
    MEMBER(struct published_metric, unit),
    MEMBER(struct published_metric, lower_is_better),
    MEMBER(struct published_metric, at_steps),
    MEMBER(struct published_metric, n),
};
static const struct layout metric_layout = LAYOUT(struct published_metric, metric_members);

static const struct member value_members[] = {
    MEMBER(struct published_value, value),
    MEMBER(struct published_value, stddev),
    MEMBER(struct published_value, n),
};
static const struct layout value_layout = LAYOUT(struct published_value, value_members);

/* ==== Reading ==== */

static int read_metric(struct published_metric *metric, const json_t *json)
{
    json_t *values = json_object_get(json, "values"), *facts;
    const char *variant;

    metric->value = calloc(json_object_size(values) + 1, sizeof *metric->value);
    if (!metric->value || layout_get(&metric_layout, metric, json) != 0)
        return err_set("not enough memory for published figures");
    json_object_foreach (values, variant, facts) {
        struct published_value *value = &metric->value[metric->values++];

        if (layout_get(&value_layout, value, facts) != 0)
            return -1;
        value->variant = variant;
        if (isnan(value->n))
            value->n = metric->n;
    }
    return 0;
}

static int read_paper(struct published_paper *paper, const struct embedded_paper *embedded)
{
    const json_t *metrics;
    json_error_t error;

    errno = 0;
    paper->document = json_loads(embedded->text, JSON_REJECT_DUPLICATES, &error);
    if (!paper->document)
        return err_set("results/published/%s.json:%d: %s", embedded->key, error.line,
                       err_cause(error.text));
    metrics = json_object_get(paper->document, "metrics");
    paper->metric = calloc(json_array_size(metrics) + 1, sizeof *paper->metric);
    if (!paper->metric || layout_get(&paper_layout, paper, paper->document) != 0)
        return err_set("not enough memory for published figures");
    for (size_t i = 0; i < json_array_size(metrics); i++) {
        paper->metrics++; /* to be freed in either case */
        if (read_metric(&paper->metric[i], json_array_get(metrics, i)) != 0)
            return -1;
    }
    return 0;
}

static void close_all(struct published *published)
{
    for (int i = 0; i < published->papers; i++) {
        struct published_paper *paper = &published->paper[i];

        for (int k = 0; k < paper->metrics; k++)
            free(paper->metric[k].value);
        free(paper->metric);
        json_decref(paper->document);
    }
    free(published->paper);
    *published = (struct published){NULL, 0};
}

static int open_all(struct published *published)
{
    int count = 0;

    while (published_key(count))
        count++;
    *published = (struct published){calloc((size_t)count + 1, sizeof *published->paper), 0};
    if (!published->paper)
        return err_set("not enough memory for published figures");
    for (int i = 0; i < count; i++) {
        published->papers++; /* to be closed in either case */
        if (read_paper(&published->paper[i], &embedded_papers[i]) != 0) {
            close_all(published);
            return -1;
        }
    }
    return 0;
}

/* Reading them takes thousands of pieces of memory, and every table asks. */
const struct published *published_all(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct published all;
    const struct published *result;

    pthread_mutex_lock(&lock);
    result = all.paper || open_all(&all) == 0 ? &all : NULL;
    pthread_mutex_unlock(&lock);
    return result;
}

/* ==== Asking ==== */

const char *published_key(int i)
{
    return embedded_papers[i].key;
}

const struct published_paper *published_find(const struct published *published, const char *key)
{
    for (int i = 0; key && i < published->papers; i++)
        if (strcmp(published->paper[i].key, key) == 0)
            return &published->paper[i];
    return NULL;
}

bool published_is_nats(const struct published_metric *metric)
{
    return strncmp(metric->unit, "nats ", strlen("nats ")) == 0;
}

const struct published_metric *published_nats(const struct published_paper *paper, double at_steps)
{
    for (int i = 0; paper && i < paper->metrics; i++)
        if (published_is_nats(&paper->metric[i])
            && (isnan(at_steps) || paper->metric[i].at_steps == at_steps))
            return &paper->metric[i];
    return NULL;
}

const struct published_value *published_value(const struct published_metric *metric,
                                              const char *variant)
{
    for (int i = 0; metric && i < metric->values; i++)
        if (strcmp(metric->value[i].variant, variant) == 0)
            return &metric->value[i];
    return NULL;
}

double published_cell(const struct published_paper *paper, const char *table, const char *variant,
                      const char *column)
{
    const json_t *tables = paper ? json_object_get(paper->document, "tables") : NULL;
    const json_t *row = json_object_get(json_object_get(tables, table), variant);

    return number_at(row, column);
}

/* ==== Listing ==== */

static json_t *paper_json(const struct published_paper *paper)
{
    const struct published_metric *metric = paper->metrics ? &paper->metric[0] : NULL;
    json_t *o = json_object(), *variants = json_array();
    int bad = layout_put(&paper_layout, paper, o);

    for (int i = 0; metric && i < metric->values; i++)
        bad |= json_push(variants, json_text(metric->value[i].variant));
    bad |= json_put(o, "metric", json_text(metric ? metric->name : NULL));
    bad |= json_put(o, "unit", json_text(metric ? metric->unit : NULL));
    bad |= json_put(o, "variants", variants);
    return json_finish(o, bad);
}

json_t *published_json(void)
{
    const struct published *all = published_all();
    json_t *list;
    int bad = 0;

    if (!all)
        return NULL;
    list = json_array();
    for (int i = 0; i < all->papers; i++)
        bad |= json_push(list, paper_json(&all->paper[i]));
    return json_finish(list, bad);
}
