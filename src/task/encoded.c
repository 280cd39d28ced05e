/* encoded.c - see encoded.h. */
#include "src/glu.h"

#include "src/task/encoded.h"

#include "src/text/spaces.h"

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

/* A text's tokens, behind those that are there.  Where runs of spaces and those at the ends would be tokens,
 * they are folded first, as SentencePiece does.  How many it has, or SIZE_MAX and a message. */
static size_t encode(struct ids_room *ids, const struct tokenizer *tokenizer, const char *text, size_t most)
{
    size_t bytes = strlen(text), count;
    char *folded = NULL;

    if (tokenizer->keeps_spaces) {
        folded = malloc(bytes + 1);
        if (!folded) {
            err_set("no memory for a text of %zu bytes", bytes);
            return SIZE_MAX;
        }
        bytes = spaces_fold(text, bytes, folded);
    }
    count = tokenizer->encode(tokenizer, folded ? folded : text, bytes, ids->id + ids->count, most);
    free(folded);
    return count;
}

/* Append the tokens of a text, at most `length` with the EOS behind them.  1 when it was cut, 0 when not,
 * -1. */
static int add_text(struct ids_room *ids, const struct tokenizer *tokenizer, const char *text, int length)
{
    size_t most = (size_t)length - 1, count;

    if (make_room(ids, (size_t)length))
        return -1;
    count = encode(ids, tokenizer, text, most);
    if (count == SIZE_MAX)
        return -1;
    ids->count += count < most ? count : most;
    ids->id[ids->count++] = TOKEN_EOS;
    return count > most;
}

static int add_example(struct encoded *encoded, struct ids_room *ids, const struct tokenizer *tokenizer,
                       const struct example *example, size_t i, int input_length, int target_length)
{
    int input, target;

    encoded->start[2 * i] = ids->count;
    input = add_text(ids, tokenizer, example->input, input_length);
    encoded->start[2 * i + 1] = ids->count;
    target = input < 0 ? -1 : add_text(ids, tokenizer, example->target, target_length);
    if (target < 0)
        return -1;
    encoded->start[2 * i + 2] = ids->count;
    encoded->inputs_cut += input > 0;
    encoded->targets_cut += target > 0;
    return 0;
}

int encoded_open(struct encoded **result, const struct examples *examples, const struct tokenizer *tokenizer,
               int input_length, int target_length)
{
    struct encoded *encoded = calloc(1, sizeof *encoded);
    struct ids_room ids = {NULL, 0, 0};

    *result = NULL;
    if (!encoded || examples->count > SIZE_MAX / 4)
        goto no_memory;
    encoded->count = examples->count;
    encoded->start = calloc(2 * examples->count + 1, sizeof *encoded->start);
    if (!encoded->start)
        goto no_memory;
    for (size_t i = 0; i < examples->count; i++)
        if (add_example(encoded, &ids, tokenizer, &examples->example[i], i, input_length, target_length))
            goto fail;
    encoded->ids = ids.id;
    *result = encoded;
    return 0;
no_memory:
    err_set("no memory for %zu examples", examples->count);
fail:
    free(ids.id);
    encoded_close(encoded);
    return -1;
}

void encoded_close(struct encoded *encoded)
{
    if (!encoded)
        return;
    free(encoded->ids);
    free(encoded->start);
    free(encoded);
}

static struct ids side(const struct encoded *encoded, size_t i)
{
    return (struct ids){encoded->ids + encoded->start[i], (int)(encoded->start[i + 1] - encoded->start[i])};
}

struct ids encoded_input(const struct encoded *encoded, size_t i)
{
    return side(encoded, 2 * i);
}

struct ids encoded_target(const struct encoded *encoded, size_t i)
{
    return side(encoded, 2 * i + 1);
}

int encode_text(const struct tokenizer *tokenizer, const char *text, int length, int32_t **ids, int *count)
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

void encoded_write(struct batch *batch, int row, struct ids input, struct ids target)
{
    write_side(batch->inputs + (size_t)row * (size_t)batch->input_length, batch->input_length,
               &batch->inputs_used[row], input);
    write_side(batch->targets + (size_t)row * (size_t)batch->target_length, batch->target_length,
               &batch->targets_used[row], target);
}
