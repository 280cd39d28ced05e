/* dump.c - see dump.h. */
#include "src/glu.h"

#include "src/train/dump.h"

#include "src/util/standard.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dump {
    FILE *file;
    char *path;
    int error; /* of the first write that failed; 0: none has */
    pthread_mutex_t lock;
};

static FILE *open_stream(const char *path)
{
    FILE *stream;
    int fd;

    if (!standard_is_output(path))
        return fopen(path, "we");
    fd = standard_open();
    stream = fd < 0 ? NULL : fdopen(fd, "w");
    if (!stream && fd >= 0)
        close(fd);
    return stream;
}

int dump_open(struct dump **dump, const char *path)
{
    struct dump *made = calloc(1, sizeof *made);

    *dump = NULL;
    if (!made)
        return err_set("out of memory");
    made->path = strdup(standard_name(path));
    made->file = made->path ? open_stream(path) : NULL;
    if (!made->file) {
        err_system(FIELD("dump_batches") ": cannot write %s", path);
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
    if (fclose(dump->file) != 0 && !dump->error)
        dump->error = errno;
    if (dump->error) {
        errno = dump->error;
        status = err_system(FIELD("dump_batches") ": cannot write all of %s", dump->path);
    }
    pthread_mutex_destroy(&dump->lock);
    free(dump->path);
    free(dump);
    return status;
}

/* Take the file to write to it; false when there is none, or an earlier write has failed. */
static bool begin(struct dump *dump)
{
    if (!dump)
        return false;
    pthread_mutex_lock(&dump->lock);
    if (dump->error) {
        pthread_mutex_unlock(&dump->lock);
        return false;
    }
    errno = 0;
    return true;
}

/* Give it back.  A failure is told at once, hours before the end, and while its reason is known. */
static void end(struct dump *dump)
{
    if (ferror(dump->file)) {
        dump->error = errno ? errno : EIO;
        warn_add(FIELD("dump_batches") ": cannot write %s: %s; the training goes on without it",
                 dump->path, strerror(dump->error));
    }
    pthread_mutex_unlock(&dump->lock);
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
    if (!begin(dump))
        return;
    print_head(dump->file, "train", variant, seed, step);
    print_rows(dump->file, "inputs", batch->inputs, batch->examples, batch->input_length);
    print_rows(dump->file, "targets", batch->targets, batch->examples, batch->target_length);
    print_loss(dump->file, loss_nats);
    end(dump);
}

void dump_heldout(struct dump *dump, const struct variant *variant, uint64_t seed, int64_t step,
                  const struct batch *batch, const double *example_loss_nats)
{
    if (!begin(dump))
        return;
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
    end(dump);
}
