/* pairs.c - see pairs.h. */
#include "src/glu.h"

#include "src/task/pairs.h"

#include <stdlib.h>
#include <string.h>

/* A growing array of ids. */
struct ids_room {
    int32_t *id; /* (room); owned */
    size_t count, room;
};

static int make_room(struct ids_room *ids, size_t more)
{
    size_t room = 2 * (ids->count + more);
    int32_t *grown;

    if (ids->room - ids->count >= more)
        return 0;
    if (more > SIZE_MAX / 4 - ids->count || room > SIZE_MAX / sizeof *grown)
        return err_set("no memory for a text of %zu tokens", more);
    grown = realloc(ids->id, room * sizeof *grown);
    if (!grown)
        return err_set("no memory for %zu tokens", room);
    ids->id = grown;
    ids->room = room;
    return 0;
}

/* Append the tokens of a text, at most `length` with the EOS behind them.  1 when it was cut, 0 when not,
 * -1. */
static int add_text(struct ids_room *ids, const struct tokenizer *tokenizer, const char *text, int length)
{
    size_t most = (size_t)length - 1, bytes = strlen(text), count;

    if (make_room(ids, (size_t)length))
        return -1;
    count = tokenizer->encode(tokenizer, text, bytes, ids->id + ids->count, most);
    if (count == SIZE_MAX)
        return -1;
    ids->count += count < most ? count : most;
    ids->id[ids->count++] = TOKEN_EOS;
    return count > most;
}

static int add_example(struct pairs *pairs, struct ids_room *ids, const struct tokenizer *tokenizer,
                       const struct example *example, size_t i, int input_length, int target_length)
{
    int input, target;

    pairs->start[2 * i] = ids->count;
    input = add_text(ids, tokenizer, example->input, input_length);
    pairs->start[2 * i + 1] = ids->count;
    target = input < 0 ? -1 : add_text(ids, tokenizer, example->target, target_length);
    if (target < 0)
        return -1;
    pairs->start[2 * i + 2] = ids->count;
    pairs->inputs_cut += input > 0;
    pairs->targets_cut += target > 0;
    return 0;
}

int pairs_open(struct pairs **result, const struct examples *examples, const struct tokenizer *tokenizer,
               int input_length, int target_length)
{
    struct pairs *pairs = calloc(1, sizeof *pairs);
    struct ids_room ids = {NULL, 0, 0};

    *result = NULL;
    if (!pairs || examples->count > SIZE_MAX / 4)
        goto no_memory;
    pairs->count = examples->count;
    pairs->start = calloc(2 * examples->count + 1, sizeof *pairs->start);
    if (!pairs->start)
        goto no_memory;
    for (size_t i = 0; i < examples->count; i++)
        if (add_example(pairs, &ids, tokenizer, &examples->example[i], i, input_length, target_length))
            goto fail;
    pairs->ids = ids.id;
    *result = pairs;
    return 0;
no_memory:
    err_set("no memory for %zu examples", examples->count);
fail:
    free(ids.id);
    pairs_close(pairs);
    return -1;
}

void pairs_close(struct pairs *pairs)
{
    if (!pairs)
        return;
    free(pairs->ids);
    free(pairs->start);
    free(pairs);
}

static struct ids side(const struct pairs *pairs, size_t i)
{
    return (struct ids){pairs->ids + pairs->start[i], (int)(pairs->start[i + 1] - pairs->start[i])};
}

struct ids pairs_input(const struct pairs *pairs, size_t i)
{
    return side(pairs, 2 * i);
}

struct ids pairs_target(const struct pairs *pairs, size_t i)
{
    return side(pairs, 2 * i + 1);
}

int pairs_encode(const struct tokenizer *tokenizer, const char *text, int length, int32_t **ids, int *count)
{
    struct ids_room room = {NULL, 0, 0};

    *ids = NULL;
    *count = 0;
    if (add_text(&room, tokenizer, text, length) < 0) {
        free(room.id);
        return -1;
    }
    *ids = room.id;
    *count = (int)room.count;
    return 0;
}

static void write_side(int32_t *row, int length, int *used, struct ids ids)
{
    memcpy(row, ids.id, (size_t)ids.count * sizeof *row);
    for (int i = ids.count; i < length; i++)
        row[i] = TOKEN_PAD;
    *used = ids.count;
}

void pairs_write(struct batch *batch, int row, struct ids input, struct ids target)
{
    write_side(batch->inputs + (size_t)row * (size_t)batch->input_length, batch->input_length,
               &batch->inputs_used[row], input);
    write_side(batch->targets + (size_t)row * (size_t)batch->target_length, batch->target_length,
               &batch->targets_used[row], target);
}
