/* test-fuzz.c - every target of fuzz.h with its seeds and with the inputs that once broke it.
 *
 * test/fuzz/seeds/TARGET/good-* must be accepted and bad-* refused.  What is in
 * test/fuzz/crashes/TARGET only has to come to an end. */
#include "src/glu.h"

#include "test/fuzz/fuzz.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Feed one file; whether the target did with it what its name says. */
static bool replay(const struct fuzz_target *target, const char *folder, const char *name)
{
    char path[PATH_MAX];
    char *data;
    size_t size;
    int status;

    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        tap_bail_out("%s: the path is too long", name);
    data = scratch_load(path, &size);
    tap_diag("%s", path); /* before: the last one named is the one that crashed */
    /* In memory of its own size, so that a step beyond its end is seen. */
    data = realloc(data, size ? size : 1);
    status = fuzz_feed(target, (const uint8_t *)data, size);
    free(data);
    if (strncmp(name, "good-", 5) == 0)
        return status == 0;
    return strncmp(name, "bad-", 4) != 0 || status == -1;
}

/* Feed all files of a folder, which may be missing; returns how many, and adds up in *wrong. */
static int replay_folder(const struct fuzz_target *target, const char *kind, int *wrong)
{
    const char *source = getenv("srcdir");
    char folder[PATH_MAX - 300];
    struct dirent **entries;
    int count;

    snprintf(folder, sizeof folder, "%s/test/fuzz/%s/%s", source ? source : ".", kind, target->name);
    count = scandir(folder, &entries, not_hidden, alphasort);
    if (count < 0)
        return 0;
    for (int i = 0; i < count; i++) {
        if (!replay(target, folder, entries[i]->d_name)) {
            tap_diag("%s was not what its name says", entries[i]->d_name);
            ++*wrong;
        }
        free(entries[i]);
    }
    free(entries);
    return count;
}

int main(void)
{
    tap_plan(fuzz_target_count);
    for (int i = 0; i < fuzz_target_count; i++) {
        const struct fuzz_target *target = &fuzz_targets[i];
        int wrong = 0, seeds = replay_folder(target, "seeds", &wrong);
        int crashes = replay_folder(target, "crashes", &wrong);

        tap_ok(seeds > 0 && wrong == 0, "%s: %d seeds, %d inputs that once broke it", target->name,
               seeds, crashes);
    }
    return tap_status();
}
