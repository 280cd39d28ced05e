/* older.c - see older.h. */
#include "src/glu.h"

#include "src/study/older.h"

#include "src/util/io.h"
#include "src/util/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

int older_read_study(const char *directory, json_t **study)
{
    static const char *const program[][2] = {
        {"version", "version"}, {"git_commit", "commit"}, {"onednn", "onednn"}, {"isa", "isa"}};
    char path[PATH_MAX];
    struct record record;
    int status;

    *study = NULL;
    if (io_join(path, directory, OLDER_STUDY_NAME))
        return -1;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return 0;
    status = record_open(&record, path);
    if (status == 0) {
        json_t *made = json_object();

        for (size_t i = 0; i < LENGTH_OF(program); i++)
            json_object_set(made, program[i][0], json_object_get(record.header, program[i][1]));
        *study = json_pack("{s:o, s:{s:O*}}", "program", made, "settings", "main",
                           json_object_get(record.header, "config"));
        if (!*study)
            status = err_set("out of memory");
    }
    record_close(&record);
    return status;
}

void older_take_states(const char *directory, const struct cell *cell,
                       const struct state_place *place)
{
    struct state_place older = {.directory = directory};
    int64_t steps[8];
    int count;

    snprintf(older.name, sizeof older.name, "%.96s-s%" PRIu64, cell->variant->name, cell->seed);
    count = state_steps(&older, steps, (int)LENGTH_OF(steps));
    for (int i = 0; i < count; i++) {
        char from[PATH_MAX], to[PATH_MAX];

        state_path(&older, steps[i], from);
        state_path(place, steps[i], to);
        if (rename(from, to) != 0)
            warn_add("cannot rename %s; its training begins anew", from);
    }
}

void older_remove_study(const char *directory)
{
    char path[PATH_MAX];

    if (io_join(path, directory, OLDER_STUDY_NAME) == 0)
        unlink(path);
}
