/* dump.c - see dump.h. */
#include "src/glu.h"

#include "src/train/dump.h"

#include "src/train/lines.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct dump {
    struct lines lines;
};

int dump_open(struct dump **dump, const char *path)
{
    struct dump *made = calloc(1, sizeof *made);

    *dump = NULL;
    if (!made)
        return err_set("out of memory");
    if (lines_open(&made->lines, FIELD("dump_batches"), path, false)) {
        free(made);
        return -1;
    }
    *dump = made;
    return 0;
}

int dump_close(struct dump *dump)
{
    int status = dump ? lines_close(&dump->lines) : 0;

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
    FILE *out;

    if (!dump || !lines_begin(&dump->lines))
        return;
    out = dump->lines.file;
    print_head(out, "train", variant, seed, step);
    print_rows(out, "inputs", batch->inputs, batch->examples, batch->input_length);
    print_rows(out, "targets", batch->targets, batch->examples, batch->target_length);
    print_loss(out, loss_nats);
    lines_end(&dump->lines, false);
}

void dump_heldout(struct dump *dump, const struct variant *variant, uint64_t seed, int64_t step,
                  const struct batch *batch, const double *example_loss_nats)
{
    FILE *out;

    if (!dump || !lines_begin(&dump->lines))
        return;
    out = dump->lines.file;
    for (int i = 0; i < batch->examples; i++) {
        print_head(out, "heldout", variant, seed, step);
        fprintf(out, ", \"example\": %d, \"inputs\": ", i);
        print_row(out, batch->inputs + (size_t)i * (size_t)batch->input_length,
                  batch->input_length);
        fputs(", \"targets\": ", out);
        print_row(out, batch->targets + (size_t)i * (size_t)batch->target_length,
                  batch->target_length);
        print_loss(out, example_loss_nats[i]);
    }
    lines_end(&dump->lines, false);
}
