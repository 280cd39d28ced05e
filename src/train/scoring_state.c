/* scoring_state.c - the scores so far to and from a state.  See scoring.h. */
#include "src/glu.h"

#include "src/train/scoring_private.h"

#include "src/util/json_help.h"

#include <stdlib.h>
#include <string.h>

static json_t *numbers_json(const double *x, size_t count)
{
    json_t *list = json_array();
    int bad = 0;

    for (size_t i = 0; i < count; i++)
        bad |= json_push(list, json_number(x[i]));
    return json_finish(list, bad);
}

static json_t *answers_json(const struct answers *answers)
{
    json_t *o = json_object(), *outputs = json_array(), *tokens = json_array();
    int bad = 0;

    for (size_t i = 0; answers->outputs && i < answers->count; i++) {
        bad |= json_push(outputs, json_string(answers->outputs[i]));
        bad |= json_push(tokens, json_integer(answers->target_tokens[i]));
    }
    bad |= json_put(o, "outputs", outputs) | json_put(o, "target_tokens", tokens) |
           json_put(o, "target_nats", numbers_json(answers->target_nats, answers->outputs ? answers->count : 0)) |
           json_put(o, "class_nats", numbers_json(answers->class_nats,
                                                  answers->outputs ? answers->count * (size_t)answers->classes
                                                                   : 0));
    return json_finish(o, bad);
}

json_t *scoring_state(const struct scoring *scoring)
{
    json_t *o = json_object(), *tasks = json_array(), *steps = json_array();
    size_t cells = (size_t)scoring->checkpoints * (size_t)scoring->columns;
    int bad = 0;

    for (int i = 0; i < scoring->checkpoints; i++)
        bad |= json_push(steps, json_integer(scoring->steps[i]));
    for (int i = 0; i < scoring->count; i++) {
        const struct judged *judged = &scoring->judged[i];
        json_t *task = json_object();

        bad |= json_put(task, "step", json_integer(judged->step)) |
               json_put(task, "scores", judged->scores ? json_incref(judged->scores) : json_null()) |
               json_put(task, "answers", answers_json(&judged->answers));
        bad |= json_push(tasks, task);
    }
    bad |= json_put(o, "steps", steps) | json_put(o, "score", numbers_json(scoring->score, cells)) |
           json_put(o, "nats", numbers_json(scoring->nats, (size_t)scoring->checkpoints)) |
           json_put(o, "tasks", tasks);
    return json_finish(o, bad);
}

static int read_answers(struct answers *answers, const struct judged *judged, const json_t *o)
{
    const json_t *outputs = json_object_get(o, "outputs"), *tokens = json_object_get(o, "target_tokens");
    const json_t *nats = json_object_get(o, "target_nats"), *of_classes = json_object_get(o, "class_nats");
    size_t count = judged->dev.examples->count, classes = (size_t)judged->dev.classes.count;

    if (json_array_size(outputs) != count || json_array_size(tokens) != count ||
        json_array_size(nats) != count || json_array_size(of_classes) != count * classes)
        return err_set("it has no answers to task %s", judged->task->name);
    *answers = (struct answers){
        .count = count,
        .classes = (int)classes,
        .outputs = calloc(count, sizeof *answers->outputs),
        .target_nats = calloc(count, sizeof *answers->target_nats),
        .target_tokens = calloc(count, sizeof *answers->target_tokens),
        .class_nats = calloc(count * classes + 1, sizeof *answers->class_nats),
    };
    if (!answers->outputs || !answers->target_nats || !answers->target_tokens || !answers->class_nats)
        return err_set("out of memory");
    for (size_t i = 0; i < count; i++) {
        const char *output = json_string_value(json_array_get(outputs, i));

        answers->outputs[i] = strdup(output ? output : "");
        if (!answers->outputs[i])
            return err_set("out of memory");
        answers->target_tokens[i] = (int)json_integer_value(json_array_get(tokens, i));
        answers->target_nats[i] = number_of(json_array_get(nats, i));
    }
    for (size_t i = 0; i < count * classes; i++)
        answers->class_nats[i] = number_of(json_array_get(of_classes, i));
    return 0;
}

static int read_task(struct judged *judged, const json_t *o)
{
    json_t *scores = json_object_get(o, "scores");

    judged->step = integer_at(o, "step", -1);
    if (!json_is_object(scores))
        return 0;
    judged->scores = json_incref(scores);
    return read_answers(&judged->answers, judged, json_object_get(o, "answers"));
}

/* As it was when it was opened. */
static void forget(struct scoring *scoring)
{
    scoring->checkpoints = 0;
    for (int i = 0; i < scoring->count; i++) {
        struct judged *judged = &scoring->judged[i];

        answers_free(&judged->answers);
        json_decref(judged->scores);
        judged->scores = NULL;
        judged->step = -1;
    }
}

int scoring_restore(struct scoring *scoring, const json_t *state)
{
    const json_t *steps = json_object_get(state, "steps"), *score = json_object_get(state, "score");
    const json_t *nats = json_object_get(state, "nats"), *tasks = json_object_get(state, "tasks");
    size_t count = json_array_size(steps), columns = (size_t)scoring->columns;

    if (json_array_size(tasks) != (size_t)scoring->count || json_array_size(nats) != count ||
        json_array_size(score) != count * columns)
        return err_set("its scores are of other tasks");
    forget(scoring);
    for (size_t i = 0; i < count; i++) {
        if (scoring_add_checkpoint(scoring, json_integer_value(json_array_get(steps, i))))
            return -1;
        scoring->nats[i] = number_of(json_array_get(nats, i));
        for (size_t k = 0; k < columns; k++)
            scoring->score[i * columns + k] = number_of(json_array_get(score, i * columns + k));
    }
    for (int i = 0; i < scoring->count; i++)
        if (read_task(&scoring->judged[i], json_array_get(tasks, (size_t)i)))
            return -1;
    return 0;
}
