/* dump.c - see dump.h. */
#include "src/glu.h"

#include "src/run/dump.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dump {
    FILE *file;
    char *path;
    pthread_mutex_t lock;
};

int dump_open(struct dump **dump, const char *path)
{
    struct dump *made = calloc(1, sizeof *made);

    *dump = NULL;
    if (!made)
        return err_set("out of memory");
    made->path = strdup(path);
    made->file = made->path ? fopen(path, "we") : NULL;
    if (!made->file) {
        err_system("--dump-batches: cannot write %s", path);
        free(made->path);
        free(made);
        return -1;
    }
    pthread_mutex_init(&made->lock, NULL);
    *dump = made;
    return 0;
}

int dump_close(struct dump *dump)
{
    int status = 0;

    if (!dump)
        return 0;
    /* fclose() last: it must run even when an earlier write has failed. */
    if (ferror(dump->file))
        status = err_set("--dump-batches: %s could not be written completely", dump->path);
    if (fclose(dump->file) != 0 && status == 0)
        status = err_system("--dump-batches: cannot write %s", dump->path);
    pthread_mutex_destroy(&dump->lock);
    free(dump->path);
    free(dump);
    return status;
}

static void print_head(FILE *out, const char *phase, const struct variant *variant, uint64_t seed,
                       int64_t step)
{
    fprintf(out, "{\"phase\": \"%s\", \"variant\": \"%s\", \"seed\": %" PRIu64 ", \"step\": %" PRId64,
            phase, variant->name, seed, step);
}

static void print_loss(FILE *out, double loss_nats)
{
    if (isfinite(loss_nats))
        fprintf(out, ", \"loss_nats\": %.17g}\n", loss_nats);
    else
        fputs(", \"loss_nats\": null}\n", out);
}

static void print_row(FILE *out, const int32_t *ids, int length)
{
    for (int i = 0; i < length; i++)
        fprintf(out, "%s%" PRId32, i == 0 ? "[" : ", ", ids[i]);
    putc(']', out);
}

/* [[..], [..]] of (examples, length). */
static void print_rows(FILE *out, const char *key, const int32_t *ids, int examples, int length)
{
    fprintf(out, ", \"%s\": [", key);
    for (int i = 0; i < examples; i++) {
        if (i > 0)
            fputs(", ", out);
        print_row(out, ids + (size_t)i * (size_t)length, length);
    }
    putc(']', out);
}

void dump_train(struct dump *dump, const struct variant *variant, uint64_t seed, int64_t step,
                const struct batch *batch, double loss_nats)
{
    if (!dump)
        return;
    pthread_mutex_lock(&dump->lock);
    print_head(dump->file, "train", variant, seed, step);
    print_rows(dump->file, "inputs", batch->inputs, batch->examples, batch->input_length);
    print_rows(dump->file, "targets", batch->targets, batch->examples, batch->target_length);
    print_loss(dump->file, loss_nats);
    pthread_mutex_unlock(&dump->lock);
}

void dump_heldout(struct dump *dump, const struct variant *variant, uint64_t seed, int64_t step,
                  const struct batch *batch, const double *example_loss_nats)
{
    if (!dump)
        return;
    pthread_mutex_lock(&dump->lock);
    for (int i = 0; i < batch->examples; i++) {
        print_head(dump->file, "heldout", variant, seed, step);
        fprintf(dump->file, ", \"example\": %d, \"inputs\": ", i);
        print_row(dump->file, batch->inputs + (size_t)i * (size_t)batch->input_length,
                  batch->input_length);
        fputs(", \"targets\": ", dump->file);
        print_row(dump->file, batch->targets + (size_t)i * (size_t)batch->target_length,
                  batch->target_length);
        print_loss(dump->file, example_loss_nats[i]);
    }
    pthread_mutex_unlock(&dump->lock);
}
