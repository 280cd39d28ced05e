/* journal.c - see journal.h. */
#include "src/glu.h"

#include "src/train/journal.h"

#include "src/train/lines.h"
#include "src/util/json_help.h"
#include "src/util/standard.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How far a training is in the file already. */
struct reached {
    char *run; /* its setting, variant and seed in one text */
    int64_t step;
};

struct journal {
    struct lines lines;
    struct reached *reached;
    int count;
};

/* ==== What is there ==== */

static struct reached *find(const struct journal *journal, const char *run)
{
    for (int i = 0; i < journal->count; i++)
        if (strcmp(journal->reached[i].run, run) == 0)
            return &journal->reached[i];
    return NULL;
}

static void run_text(const char *setting, const char *variant, int64_t seed, char text[512])
{
    snprintf(text, 512, "%.200s %.200s %" PRId64, setting ? setting : "", variant, seed);
}

static int note(struct journal *journal, const char *run, int64_t step)
{
    struct reached *reached = find(journal, run);

    if (!reached) {
        reached = realloc(journal->reached, ((size_t)journal->count + 1) * sizeof *reached);
        if (!reached)
            return err_set("out of memory");
        journal->reached = reached;
        reached += journal->count;
        *reached = (struct reached){strdup(run), step};
        if (!reached->run)
            return err_set("out of memory");
        journal->count++;
    }
    reached->step = step > reached->step ? step : reached->step;
    return 0;
}

static int note_line(struct journal *journal, const char *line, size_t length, int64_t number)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    const char *variant = text_at(object, "variant");
    int64_t step = integer_at(object, "step", -1), seed = integer_at(object, "seed", -1);
    char run[512];
    int status;

    if (variant && step >= 0 && seed >= 0) {
        run_text(text_at(object, "setting"), variant, seed, run);
        status = note(journal, run, step);
    } else {
        status = err_set("%s:%" PRId64 ": this is no line of a log of trainings: give another " FIELD("log")
                         ", or leave out " FIELD("resume"), journal->lines.path, number);
    }
    json_decref(object);
    return status;
}

/* Read what earlier programs wrote, and stand behind it. */
static int go_on(struct journal *journal)
{
    FILE *file = journal->lines.file;
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    off_t whole = 0;
    int status = 0;

    for (int64_t number = 1; status == 0 && (length = getline(&line, &size, file)) > 0; number++) {
        if (line[length - 1] != '\n')
            break; /* it was being written when the program was killed */
        status = note_line(journal, line, (size_t)length, number);
        whole += length;
    }
    if (status == 0 && (ferror(file) || fflush(file) != 0 ||
                        ftruncate(fileno(file), whole) != 0 ||
                        fseeko(file, whole, SEEK_SET) != 0))
        status = err_system("cannot go on with %s", journal->lines.path);
    free(line);
    return status;
}

/* ==== The file ==== */

static void release(struct journal *journal)
{
    for (int i = 0; i < journal->count; i++)
        free(journal->reached[i].run);
    free(journal->reached);
    free(journal);
}

/* Is there something to go on with: no pipe, no device, not standard output? */
static bool is_kept(const char *path)
{
    struct stat info;

    return !standard_is_output(path) && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

int journal_close(struct journal *journal)
{
    int status;

    if (!journal)
        return 0;
    status = lines_close(&journal->lines);
    release(journal);
    return status;
}

int journal_open(struct journal **result, const char *path, bool resume)
{
    struct journal *journal = calloc(1, sizeof *journal);
    bool keep = resume && is_kept(path);

    *result = NULL;
    if (!journal)
        return err_set("out of memory");
    if (lines_open(&journal->lines, FIELD("log"), path, keep)) {
        release(journal);
        return -1;
    }
    if (keep && go_on(journal)) {
        err_prepend(FIELD("log"));
        (void)!journal_close(journal); /* nothing was written */
        return -1;
    }
    *result = journal;
    return 0;
}

/* ==== Lines ==== */

static json_t *line_json(const struct journal_line *line)
{
    json_t *o = json_object();
    int bad = 0;

    if (line->setting)
        bad |= json_put(o, "setting", json_text(line->setting));
    bad |= json_put(o, "variant", json_text(line->variant->name));
    bad |= json_put(o, "seed", json_integer((json_int_t)line->seed));
    bad |= json_put(o, "step", json_integer(line->step));
    bad |= json_put(o, "tokens_seen", json_integer(line->tokens_seen));
    bad |= json_put(o, "learning_rate", json_number(line->learning_rate));
    bad |= json_put(o, "train_loss_nats", json_number(line->train_loss_nats));
    bad |= json_put(o, "heldout_log_perplexity_nats", json_number(line->heldout_log_perplexity_nats));
    bad |= json_put(o, "train_s", json_number(line->train_s));
    return json_finish(o, bad);
}

/* Written out at once: somebody may be reading along. */
static int write_line(FILE *file, const struct journal_line *line)
{
    json_t *object = line_json(line);
    int status = -1;

    errno = ENOMEM;
    if (object) {
        errno = 0;
        status = json_dumpf(object, file, JSON_REAL_PRECISION(9)) != 0 || putc('\n', file) == EOF ||
                         fflush(file) != 0
                     ? -1
                     : 0;
    }
    json_decref(object);
    return status;
}

void journal_add(struct journal *journal, const struct journal_line *line)
{
    const struct reached *reached;
    char run[512];

    if (!journal || !lines_begin(&journal->lines))
        return;
    run_text(line->setting, line->variant->name, (int64_t)line->seed, run);
    reached = find(journal, run);
    lines_end(&journal->lines, (!reached || line->step > reached->step) &&
                                   write_line(journal->lines.file, line) != 0);
}
