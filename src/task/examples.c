/* examples.c - see examples.h.
 *
 * Texts are short and many, and all go at once, so they lie in blocks one behind the other. */
#include "src/glu.h"

#include "src/task/examples.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 18, FIRST_ROOM = 64 };

struct block {
    struct block *next;
    size_t used, bytes; /* of room */
    alignas(max_align_t) char room[];
};

struct store {
    struct block *block; /* the one that is being filled; those before it behind */
    size_t capacity;     /* of examples */
};

int examples_create(struct examples **result)
{
    struct examples *examples = calloc(1, sizeof *examples);

    *result = NULL;
    if (examples)
        examples->own = calloc(1, sizeof(struct store));
    if (!examples || !examples->own) {
        free(examples);
        return err_set("no memory for examples");
    }
    *result = examples;
    return 0;
}

static void *reserve(struct store *store, size_t bytes)
{
    struct block *block = store->block;
    char *place;

    bytes = (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (!block || block->bytes - block->used < bytes) {
        size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

        block = malloc(sizeof *block + room);
        if (!block) {
            err_set("no memory for examples");
            return NULL;
        }
        *block = (struct block){.next = store->block, .bytes = room};
        store->block = block;
    }
    place = block->room + block->used;
    block->used += bytes;
    return place;
}

static const char *keep(struct store *store, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = reserve(store, bytes);

    return copy ? memcpy(copy, text, bytes) : NULL;
}

/* A copy of a list of texts with NULL behind the last. */
static const char *const *keep_all(struct store *store, const char *const *texts)
{
    const char **copies;
    size_t count = 0;

    while (texts[count])
        count++;
    copies = reserve(store, (count + 1) * sizeof *copies);
    if (!copies)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        copies[i] = keep(store, texts[i]);
        if (!copies[i])
            return NULL;
    }
    copies[count] = NULL;
    return copies;
}

int examples_add(struct examples *examples, const struct example *example)
{
    struct store *store = examples->own;
    struct example copy = *example;

    if (examples->count == store->capacity) {
        size_t capacity = store->capacity ? 2 * store->capacity : FIRST_ROOM;
        struct example *grown = realloc(examples->example, capacity * sizeof *grown);

        if (!grown)
            return err_set("no memory for %zu examples", capacity);
        examples->example = grown;
        store->capacity = capacity;
    }
    copy.input = keep(store, example->input);
    copy.target = keep(store, example->target);
    if (example->answers)
        copy.answers = keep_all(store, example->answers);
    if (!copy.input || !copy.target || (example->answers && !copy.answers))
        return -1;
    examples->example[examples->count++] = copy;
    return 0;
}

void examples_destroy(struct examples *examples)
{
    struct store *store;

    if (!examples)
        return;
    store = examples->own;
    for (struct block *block = store->block, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(store);
    free(examples->example);
    free(examples);
}

static int by_texts(const void *a, const void *b)
{
    const struct example *first = *(const struct example *const *)a;
    const struct example *second = *(const struct example *const *)b;
    int order = strcmp(first->input, second->input);

    return order ? order : strcmp(first->target, second->target);
}

int examples_shared(const struct examples *examples, const struct examples *others, size_t *shared)
{
    const struct example **sorted = malloc((others->count + 1) * sizeof *sorted);

    *shared = 0;
    if (!sorted)
        return err_set("no memory to compare %zu examples", others->count);
    for (size_t i = 0; i < others->count; i++)
        sorted[i] = &others->example[i];
    qsort(sorted, others->count, sizeof *sorted, by_texts);
    for (size_t i = 0; i < examples->count; i++) {
        const struct example *one = &examples->example[i];

        *shared += bsearch(&one, sorted, others->count, sizeof *sorted, by_texts) != NULL;
    }
    free(sorted);
    return 0;
}
