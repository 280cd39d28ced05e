/* text_sets.c - see text_sets.h. */
#include "src/glu.h"

#include "src/task/text_sets.h"

#include "src/task/metrics/metrics.h"
#include "src/task/translation.h"
#include "src/util/error.h"
#include "src/util/nearest.h"

#include <stdlib.h>
#include <string.h>

#define TRANSLATION "translation:"

const struct text_task text_task_translation = {
    .name = "translation",
    .group = "translation",
    .metrics =
        (const struct text_metric *const[]){&text_metric_bleu_13a, &text_metric_bleu_intl,
                                            &text_metric_bleu_13a_lc, &text_metric_bleu_intl_lc,
                                            &text_metric_chrf2, NULL},
};

static bool is_translation(const char *name)
{
    return strncmp(name, TRANSLATION, strlen(TRANSLATION)) == 0;
}

static const char *split_name(int split)
{
    static const char *const names[] = {[TEXT_TRAIN] = "training", [TEXT_DEV] = "dev", [TEXT_TEST] = "test"};

    return names[split];
}

/* ==== Which tasks ==== */

/* Append a task, unless it is there.  0, or -1 and a message; the task is the set's then. */
static int add_task(struct text_sets *sets, const struct text_task *task)
{
    struct text_set *grown;

    for (int i = 0; i < sets->count; i++)
        if (sets->set[i].task == task)
            return 0;
    grown = realloc(sets->set, (size_t)(sets->count + 1) * sizeof *grown);
    if (!grown)
        return err_set("out of memory");
    sets->set = grown;
    sets->set[sets->count++] = (struct text_set){.task = task};
    return 0;
}

static int add_benchmark(struct text_sets *sets, const struct text_benchmark *benchmark)
{
    for (const struct text_task *const *task = benchmark->tasks; *task; task++)
        if (add_task(sets, *task))
            return -1;
    return 0;
}

/* Words that files follow. */
static const struct {
    const char *word, *files;
} with_files[] = {{"tsv", "TRAIN,DEV[:METRIC]"}, {"translation", "SOURCE,TARGET"}};

static const char *files_of(const char *word)
{
    for (size_t i = 0; i < LENGTH_OF(with_files); i++)
        if (strcmp(with_files[i].word, word) == 0)
            return with_files[i].files;
    return NULL;
}

enum { WORDS_MAX = 64 };

/* No word names a task: -1 and a message with all that do. */
static int no_such_task(const char *word)
{
    const char *words[WORDS_MAX];
    const struct text_benchmark *benchmark;
    int count = 0;

    for (size_t i = 0; (benchmark = text_benchmark_at(i)) != NULL && count < WORDS_MAX; i++)
        if (!text_task_find(benchmark->name)) /* one of a single task */
            words[count++] = benchmark->name;
    words[count++] = "paper";
    for (size_t i = 0; (benchmark = text_benchmark_at(i)) != NULL; i++)
        for (const struct text_task *const *task = benchmark->tasks; *task && count < WORDS_MAX; task++)
            words[count++] = (*task)->name;
    for (size_t i = 0; i < LENGTH_OF(with_files) && count < WORDS_MAX; i++)
        words[count++] = with_files[i].word;
    return nearest_error(FIELD("task"), "task", word, words, count);
}

/* All tasks of one word. */
static int add_name(struct text_sets *sets, const char *name)
{
    bool all = strcmp(name, "paper") == 0, found = all;
    const struct text_benchmark *benchmark;
    const struct text_task *task;

    for (size_t i = 0; (benchmark = text_benchmark_at(i)) != NULL; i++)
        if (all || strcmp(benchmark->name, name) == 0) {
            found = true;
            if (add_benchmark(sets, benchmark))
                return -1;
        }
    if (found)
        return 0;
    if (files_of(name))
        return err_set(FIELD("task") " %s: give %s:%s", name, name, files_of(name));
    task = text_task_find(name);
    return task ? add_task(sets, task) : no_such_task(name);
}

/* Those of a list with commas between. */
static int add_list(struct text_sets *sets, const char *list)
{
    char *names = strdup(list), *next = names, *name;
    int status = names ? 0 : err_set("out of memory");

    while (status == 0 && (name = strsep(&next, ",")) != NULL)
        status = add_name(sets, name);
    free(names);
    return status;
}

/* What stands before the colon. */
static int check_word(const char *name)
{
    char *word = strndup(name, (size_t)(strchr(name, ':') - name));
    int status = 0;

    if (!word)
        return err_set("out of memory");
    if (strchr(word, ','))
        status = err_set(FIELD("task") " %s: a task of files goes by itself, without others before it", name);
    else if (!files_of(word))
        status = text_task_find(word) ? err_set(FIELD("task") " %s: give %s alone, which knows its files by "
                                                FIELD("data"),
                                                name, word)
                                      : no_such_task(word);
    free(word);
    return status;
}

static int find_tasks(struct text_sets *sets, const char *name)
{
    const struct text_task *made;

    if (is_translation(name))
        return add_task(sets, &text_task_translation);
    if (!strchr(name, ':'))
        return add_list(sets, name);
    if (check_word(name) || text_task_open(&made, name))
        return -1;
    if (add_task(sets, made)) {
        text_task_close(made);
        return -1;
    }
    return 0;
}

/* What a translation alone has, and what it needs. */
static int check_files(const struct text_sets_options *options)
{
    bool translation = is_translation(options->name);

    if (translation && !options->heldout)
        return err_set(FIELD("task") " translation: it needs a dev set, which chooses the checkpoint: give "
                       FIELD("heldout") " SOURCE,TARGET");
    if (!translation && options->test)
        return err_set(FIELD("test") ": of a translation alone, and the task is %s", options->name);
    if (!strchr(options->name, ':') && !options->data)
        return err_set(FIELD("task") " %s: it is not told where the data are: give " FIELD("data")
                       " DIR, the directory that holds glue, superglue or squad",
                       options->name);
    return 0;
}

int text_sets_check(const struct text_sets_options *options)
{
    struct text_sets sets = {NULL};
    int status = find_tasks(&sets, options->name) || check_files(options) ? -1 : 0;

    for (int i = 0; i < sets.count; i++)
        text_task_close(sets.set[i].task);
    free(sets.set);
    return status;
}

/* Of two files, behind which a colon and more may stand. */
static int each_of_two(const char *field, const char *files,
                       int (*each)(void *context, const char *field, const char *path), void *context)
{
    char *both = files ? strdup(files) : NULL, *next = both, *colon, *path;
    int status = 0;

    if (!files)
        return 0;
    if (!both)
        return err_set("out of memory");
    colon = strrchr(both, ':');
    if (colon)
        *colon = '\0';
    while (status == 0 && (path = strsep(&next, ",")) != NULL)
        status = *path ? each(context, field, path) : 0;
    free(both);
    return status;
}

int text_sets_each_file(const struct text_sets_options *options,
                        int (*each)(void *context, const char *field, const char *path), void *context)
{
    const char *colon = strchr(options->name, ':');
    int status = each_of_two(FIELD("task"), colon ? colon + 1 : NULL, each, context);

    if (status == 0)
        status = each_of_two(FIELD("heldout"), options->heldout, each, context);
    return status ? status : each_of_two(FIELD("test"), options->test, each, context);
}

/* ==== Their lengths ==== */

/* Of T5's runs (t5/models/gin, sequence_lengths). */
static const struct {
    const char *benchmark;
    int target_length;
} lengths[] = {{"glue", 84}, {"superglue", 62}, {"squad", 97}};

enum { INPUT_LENGTH = 512, TARGET_LENGTH_OTHERS = 512 };

/* Is the task in that benchmark? */
static bool is_of(const struct text_task *task, const char *benchmark_name)
{
    const struct text_benchmark *benchmark;

    for (size_t i = 0; (benchmark = text_benchmark_at(i)) != NULL; i++)
        for (const struct text_task *const *row = benchmark->tasks;
             *row && strcmp(benchmark->name, benchmark_name) == 0; row++)
            if (*row == task)
                return true;
    return false;
}

static int target_length_of(const struct text_task *task)
{
    for (size_t i = 0; i < LENGTH_OF(lengths); i++)
        if (is_of(task, lengths[i].benchmark))
            return lengths[i].target_length;
    return TARGET_LENGTH_OTHERS;
}

int text_sets_lengths(const char *name, int *input_length, int *target_length)
{
    struct text_sets sets = {NULL};
    int status = find_tasks(&sets, name);

    *input_length = INPUT_LENGTH;
    *target_length = 0;
    for (int i = 0; i < sets.count; i++) {
        int length = target_length_of(sets.set[i].task);

        *target_length = length > *target_length ? length : *target_length;
        text_task_close(sets.set[i].task);
    }
    free(sets.set);
    return status;
}

int64_t text_sets_dev_examples(const char *name)
{
    struct text_sets sets = {NULL};
    int64_t examples = 0;

    if (find_tasks(&sets, name))
        err_set("%s", ""); /* whoever reads them says so */
    for (int i = 0; i < sets.count; i++) {
        examples += (int64_t)sets.set[i].task->dev_examples;
        text_task_close(sets.set[i].task);
    }
    free(sets.set);
    return examples;
}

/* ==== Reading ==== */

/* Has the distribution such a split, or the user's files? */
static bool has_split(const struct text_task *task, int split)
{
    if (task->close)
        return split != TEXT_TEST;
    return split != TEXT_TEST && (split == TEXT_TRAIN ? task->train_examples : task->dev_examples) > 0;
}

static int read_task(struct text_set *set, const char *data)
{
    const struct text_task *task = set->task;

    for (int split = 0; split < TEXT_SPLITS; split++) {
        size_t all = split == TEXT_TRAIN ? task->train_examples : task->dev_examples;
        struct examples *examples;

        if (!has_split(task, split))
            continue;
        if (text_task_read(task, data ? data : ".", (enum text_split)split, &examples))
            return -1;
        set->examples[split] = examples;
        set->complete[split] = task->close || examples->count == all;
        if (examples->dropped > 0)
            warn_add("task %s: %zu rows of the %s set lack a field and are left out", task->name,
                     examples->dropped, split_name(split));
    }
    return 0;
}

static int read_translation(struct text_set *set, const struct text_sets_options *options)
{
    static const char *const told_by[TEXT_SPLITS] = {[TEXT_TRAIN] = FIELD("task") " translation",
                                                     [TEXT_DEV] = FIELD("heldout"),
                                                     [TEXT_TEST] = FIELD("test")};
    const char *const files[TEXT_SPLITS] = {[TEXT_TRAIN] = options->name + strlen(TRANSLATION),
                                            [TEXT_DEV] = options->heldout,
                                            [TEXT_TEST] = options->test};

    for (int split = 0; split < TEXT_SPLITS; split++) {
        if (!files[split])
            continue;
        if (examples_create(&set->examples[split]))
            return -1;
        if (translation_read(files[split], set->examples[split]))
            return err_prepend("%s", told_by[split]);
        set->complete[split] = true;
    }
    return 0;
}

/* A test set that was trained on tells as little as a dev set. */
static int tell_shared(struct text_set *set)
{
    const struct examples *train = set->examples[TEXT_TRAIN];

    for (int split = TEXT_DEV; train && split < TEXT_SPLITS; split++) {
        const struct examples *examples = set->examples[split];
        size_t shared = 0;

        if (examples && examples_shared(examples, train, &shared))
            return -1;
        if (split == TEXT_DEV)
            set->shared = shared;
        if (shared > 0)
            warn_add("task %s: %zu of %zu %s examples are among those to train on", set->task->name, shared,
                     examples->count, split_name(split));
    }
    return 0;
}

/* An example's texts, each with its NUL. */
static void add_text(struct data_identity *identity, struct sha256 *sha, const char *text)
{
    size_t bytes = strlen(text) + 1;

    sha256_add(sha, text, bytes);
    identity->bytes += bytes;
}

static void add_examples(struct data_identity *identity, struct sha256 *sha, const char *task,
                         const struct examples *examples)
{
    sha256_add(sha, task, strlen(task) + 1);
    for (size_t k = 0; k < examples->count; k++) {
        add_text(identity, sha, examples->example[k].input);
        add_text(identity, sha, examples->example[k].target);
    }
    identity->documents += examples->count;
    identity->bad_lines += examples->dropped;
    identity->files++;
}

/* What is trained on, or what judges it. */
static void identify(const struct text_sets *sets, bool training, struct data_identity *identity)
{
    struct sha256 sha;

    *identity = (struct data_identity){.kind = "tasks"};
    sha256_start(&sha);
    for (int i = 0; i < sets->count; i++)
        for (int split = 0; split < TEXT_SPLITS; split++) {
            const struct examples *examples = sets->set[i].examples[split];

            if (examples && (split == TEXT_TRAIN) == training)
                add_examples(identity, &sha, sets->set[i].task->name, examples);
        }
    identity->text_bytes = identity->bytes;
    sha256_finish_hex(&sha, identity->sha256);
}

int text_sets_open(struct text_sets **result, const struct text_sets_options *options)
{
    struct text_sets *sets = calloc(1, sizeof *sets);

    *result = NULL;
    if (!sets)
        return err_set("out of memory");
    if (find_tasks(sets, options->name) || check_files(options))
        goto fail;
    for (int i = 0; i < sets->count; i++) {
        struct text_set *set = &sets->set[i];

        if (set->task == &text_task_translation ? read_translation(set, options)
                                                : read_task(set, options->data))
            goto fail;
        if (tell_shared(set))
            goto fail;
    }
    identify(sets, true, &sets->training);
    identify(sets, false, &sets->heldout);
    *result = sets;
    return 0;
fail:
    text_sets_close(sets);
    return -1;
}

void text_sets_close(struct text_sets *sets)
{
    if (!sets)
        return;
    for (int i = 0; i < sets->count; i++) {
        for (int split = 0; split < TEXT_SPLITS; split++)
            examples_destroy(sets->set[i].examples[split]);
        text_task_close(sets->set[i].task);
    }
    free(sets->set);
    free(sets);
}
