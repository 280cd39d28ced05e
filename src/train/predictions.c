/* predictions.c - see predictions.h. */
#include "src/glu.h"

#include "src/train/predictions.h"

#include "src/text/text_lines.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"
#include "src/util/json_help.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *classes_json(const struct questions *questions, const struct answers *answers, size_t i)
{
    json_t *o = json_object();
    int bad = 0;

    for (int k = 0; k < answers->classes; k++)
        bad |= json_put(o, questions->task->classes[k],
                        json_number(answers->class_nats[i * (size_t)answers->classes + (size_t)k]));
    return json_finish(o, bad);
}

static json_t *list_json(const char *const *texts)
{
    json_t *list = json_array();
    int bad = 0;

    for (; *texts; texts++)
        bad |= json_push(list, json_text(*texts));
    return json_finish(list, bad);
}

static json_t *example_json(const struct questions *questions, const struct answers *answers, size_t i,
                            int64_t step)
{
    const struct example *example = &questions->examples->example[i];
    json_t *o = json_object();
    int bad = 0;

    bad |= json_put(o, "input", json_text(example->input));
    bad |= json_put(o, "target", json_text(example->target));
    bad |= json_put(o, "output", json_text(answers->outputs[i]));
    bad |= json_put(o, "step", json_integer(step));
    if (answers->classes > 0)
        bad |= json_put(o, "class_nll_nats", classes_json(questions, answers, i));
    else if (example->label >= 0)
        bad |= json_put(o, "label", json_integer(example->label));
    if (example->group >= 0)
        bad |= json_put(o, "group", json_integer(example->group));
    if (example->answers)
        bad |= json_put(o, "answers", list_json(example->answers));
    return json_finish(o, bad);
}

/* All of the file as text, owned by the caller; NULL and a message. */
static char *file_text(const struct questions *questions, const struct answers *answers, int64_t step,
                       size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    int bad = out == NULL;

    for (size_t i = 0; !bad && i < answers->count; i++) {
        json_t *o = example_json(questions, answers, i, step);

        bad = !o || json_dumpf(o, out, JSON_COMPACT) || putc('\n', out) == EOF;
        json_decref(o);
    }
    if (out && fclose(out) != 0)
        bad = 1;
    if (!bad)
        return text;
    free(text);
    err_set("out of memory for predictions");
    return NULL;
}

int predictions_prepare(const char *directory)
{
    if (io_make_directories(directory) ||
        (access(directory, W_OK | X_OK) != 0 && err_system("cannot write to %s", directory)))
        return err_prepend(FIELD("predictions"));
    return 0;
}

int predictions_write(const char *directory, const char *name, const struct questions *questions,
                      const struct answers *answers, int64_t step)
{
    char folder[PATH_MAX], path[PATH_MAX], file[NAME_MAX + 1];
    size_t bytes;
    char *text;
    int status;

    snprintf(file, sizeof file, "%.200s.jsonl", name);
    if (io_join(folder, directory, questions->task->name) || io_join(path, folder, file) ||
        io_make_directories(folder))
        return err_prepend(FIELD("predictions"));
    text = file_text(questions, answers, step, &bytes);
    if (!text)
        return -1;
    status = atomic_write(path, text, bytes) ? err_prepend(FIELD("predictions")) : 0;
    free(text);
    return status;
}

/* ==== And back ==== */

/* Room for one more answer. */
static int add_room(struct answers *answers, size_t *room)
{
    size_t more = *room > 0 ? 2 * *room : 256, classes = (size_t)answers->classes;
    char **outputs;
    double *nats;

    if (answers->count < *room)
        return 0;
    outputs = realloc(answers->outputs, more * sizeof *outputs);
    if (!outputs)
        return err_set("out of memory for predictions");
    answers->outputs = outputs;
    nats = realloc(answers->class_nats, (more * classes + 1) * sizeof *nats);
    if (!nats)
        return err_set("out of memory for predictions");
    answers->class_nats = nats;
    *room = more;
    return 0;
}

static int class_of(const struct text_task *task, const char *word)
{
    for (int k = 0; task->classes && task->classes[k]; k++)
        if (strcmp(task->classes[k], word) == 0)
            return k;
    return -1;
}

/* The right answers as the set wants them: a list that lasts as long as the object.  NULL: there is none, or no
 * memory. */
static const char **right_answers(const json_t *o)
{
    const json_t *list = json_object_get(o, "answers"), *item;
    const char **texts;
    size_t i;

    if (!json_is_array(list))
        return NULL;
    texts = calloc(json_array_size(list) + 1, sizeof *texts);
    json_array_foreach(list, i, item)
        if (texts)
            texts[i] = json_is_string(item) ? json_string_value(item) : "";
    return texts;
}

static int take_classes(struct predicted *predicted, const json_t *o)
{
    const struct text_task *task = predicted->questions.task;
    struct answers *answers = &predicted->answers;
    const json_t *nats = json_object_get(o, "class_nll_nats");
    size_t classes = (size_t)answers->classes;

    for (size_t k = 0; k < classes; k++) {
        double x = number_at(nats, task->classes[k]);

        if (!isfinite(x))
            return err_set("class_nll_nats has no number for '%s', a class of task %s", task->classes[k],
                           task->name);
        answers->class_nats[answers->count * classes + k] = x;
    }
    return 0;
}

/* An example and what was answered to it.  0, or -1 and a message without the place. */
static int take_object(struct predicted *predicted, const json_t *o, size_t *room)
{
    struct answers *answers = &predicted->answers;
    const char *input = text_at(o, "input"), *target = text_at(o, "target"), *output = text_at(o, "output");
    const struct text_task *task = predicted->questions.task;
    const char **right = right_answers(o);
    struct example example = {.input = input, .target = target, .answers = right, .group = -1, .label = -1};
    int status;

    if (!input || !target || !output) {
        free(right);
        return err_set("it lacks a text \"input\", \"target\" or \"output\"");
    }
    if (answers->count == 0 && !json_object_get(o, "class_nll_nats")) /* others' predictions may have none */
        answers->classes = 0;
    example.label = (int)integer_at(o, "label", class_of(task, target));
    example.group = (int)integer_at(o, "group", -1);
    example.number = strtod(target, NULL);
    status = add_room(answers, room) || take_classes(predicted, o) ||
             examples_add(predicted->examples, &example);
    free(right);
    if (status)
        return -1;
    answers->outputs[answers->count] = strdup(output);
    return answers->outputs[answers->count++] ? 0 : err_set("out of memory for predictions");
}

static int take_line(struct predicted *predicted, const char *line, size_t bytes, size_t *room)
{
    json_error_t error;
    json_t *o = json_loadb(line, bytes, 0, &error);
    int status = json_is_object(o) ? take_object(predicted, o, room)
                                   : err_set("it is no JSON object: %s", o ? "another value" : error.text);

    json_decref(o);
    return status;
}

/* What no file of predictions tells. */
static int fill_in(struct predicted *predicted)
{
    struct answers *answers = &predicted->answers;

    answers->target_nats = calloc(answers->count + 1, sizeof *answers->target_nats);
    answers->target_tokens = calloc(answers->count + 1, sizeof *answers->target_tokens);
    predicted->class_used = calloc((size_t)answers->classes + 1, sizeof *predicted->class_used);
    if (!answers->target_nats || !answers->target_tokens || !predicted->class_used)
        return err_set("out of memory for predictions");
    for (size_t i = 0; i < answers->count; i++)
        answers->target_nats[i] = NAN;
    for (int k = 0; k < answers->classes; k++)
        predicted->class_used[k] = 1;
    predicted->questions.examples = predicted->examples;
    predicted->questions.class_used = predicted->class_used;
    return 0;
}

int predictions_read(struct predicted *predicted, const char *path, const struct text_task *task)
{
    struct text_lines *lines = NULL;
    size_t room = 0, bytes;
    char *line;
    int got = -1;

    *predicted = (struct predicted){.questions = {.task = task}};
    while (task->classes && task->classes[predicted->answers.classes])
        predicted->answers.classes++;
    if (examples_create(&predicted->examples) || text_lines_open(&lines, path))
        return -1;
    while ((got = text_lines_next(lines, &line, &bytes)) > 0)
        if (take_line(predicted, line, bytes, &room)) {
            err_prepend("%s:%zu", path, text_lines_number(lines));
            got = -1;
            break;
        }
    text_lines_close(lines);
    if (got == 0 && predicted->answers.count == 0)
        got = err_set("%s has no predictions", path);
    return got ? -1 : fill_in(predicted);
}

void predictions_free(struct predicted *predicted)
{
    answers_free(&predicted->answers);
    examples_destroy(predicted->examples);
    free(predicted->class_used);
    *predicted = (struct predicted){NULL};
}
