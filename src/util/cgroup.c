/* cgroup.c - see cgroup.h, and cgroups(7).
 *
 * /proc/self/cgroup tells the path of the own group in its hierarchy, and /proc/self/mountinfo where
 * which part of the hierarchy is mounted.  In a container that part may be the own group alone, or
 * the path may lead out of what is mounted: then the mount point is as near as one comes. */
#include "src/glu.h"

#include "src/util/cgroup.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is limited. */
struct resource {
    const char *controller; /* of version 1 */
    double (*read)(const char *root, const char *directory, int version); /* one group's limit, or NAN */
};

/* Where the own group's files are. */
struct place {
    char directory[PATH_MAX];
    size_t top; /* bytes of `directory` that are the mount point */
};

static FILE *open_below(const char *root, const char *path)
{
    char whole[PATH_MAX];

    if (snprintf(whole, sizeof whole, "%s%s", root, path) >= (int)sizeof whole)
        return NULL;
    return fopen(whole, "re");
}

/* Is the word one of those in a list with commas? */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (; list; list = strchr(list, ',')) {
        list += *list == ',';
        if (strncmp(list, word, length) == 0 && (list[length] == ',' || list[length] == '\0'))
            return true;
    }
    return false;
}

/* The path of the own group in the hierarchy of version 2, or that of version 1 with the controller.
 * The caller frees it; NULL when there is none. */
static char *own_path(const char *root, int version, const char *controller)
{
    FILE *file = open_below(root, "/proc/self/cgroup");
    char *line = NULL, *path = NULL;
    size_t size = 0;

    if (!file)
        return NULL;
    while (!path && getline(&line, &size, file) >= 0) {
        char *controllers = strchr(line, ':'), *rest;

        rest = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!rest)
            continue;
        *rest++ = '\0';
        rest[strcspn(rest, "\n")] = '\0';
        if (*rest == '/' &&
            (version == 2 ? controllers[1] == '\0' : has_word(controllers + 1, controller)))
            path = strdup(rest);
    }
    free(line);
    fclose(file);
    return path;
}

/* Blanks are written as \040 there. */
static void decode(char *text)
{
    char *to = text;

    for (; *text; text++) {
        if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3) {
            *to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text += 3;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

/* The next field of a line, cut off; NULL when there is none. */
static char *next_field(char **line)
{
    char *field = strtok_r(NULL, " \n", line);

    if (field)
        decode(field);
    return field;
}

/* What a line of mountinfo mounts where, when that is the hierarchy.  See proc_pid_mountinfo(5). */
static bool read_mount(char *line, int version, const char *controller, char **part, char **point)
{
    char *fields = strstr(line, " - "), *type, *options;

    if (!fields)
        return false;
    *fields = '\0';
    fields += 3;
    type = next_field(&fields);
    (void)next_field(&fields); /* the source */
    options = next_field(&fields);
    if (!type || strcmp(type, version == 2 ? "cgroup2" : "cgroup") != 0 ||
        (version == 1 && !(options && has_word(options, controller))))
        return false;
    for (int i = 0; i < 3; i++) /* two numbers and the device */
        (void)next_field(&line);
    *part = next_field(&line);
    *point = next_field(&line);
    return *point != NULL;
}

/* What of a path is below the mounted part of the hierarchy: "" when that is the group itself, or the
 * path is not in it. */
static const char *below(const char *path, const char *part)
{
    size_t length = strcmp(part, "/") == 0 ? 0 : strlen(part);

    if (strncmp(path, part, length) != 0 || path[length] != '/' || strcmp(path, "/") == 0)
        return "";
    return strncmp(path + length, "/..", 3) == 0 ? "" : path + length;
}

/* "150000 100000" or "max 100000"; NAN when it is no quota. */
static double read_ratio(FILE *file)
{
    double quota, period;

    return fscanf(file, "%lf %lf", &quota, &period) == 2 && quota > 0 && period > 0 &&
                   isfinite(quota) && isfinite(period)
               ? quota / period
               : NAN;
}

static double read_number(const char *root, const char *directory, const char *name)
{
    char path[PATH_MAX];
    double number = NAN;
    FILE *file;

    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return NAN;
    file = open_below(root, path);
    if (!file)
        return NAN;
    if (fscanf(file, "%lf", &number) != 1 || !(number > 0) || !isfinite(number))
        number = NAN; /* -1 is none */
    fclose(file);
    return number;
}

static double read_quota(const char *root, const char *directory, int version)
{
    char path[PATH_MAX];
    double quota;
    FILE *file;

    if (version == 1)
        return read_number(root, directory, "cpu.cfs_quota_us") /
               read_number(root, directory, "cpu.cfs_period_us");
    if (snprintf(path, sizeof path, "%s/cpu.max", directory) >= (int)sizeof path)
        return NAN;
    file = open_below(root, path);
    if (!file)
        return NAN;
    quota = read_ratio(file);
    fclose(file);
    return quota;
}

/* Above memory.high the kernel slows a process down until it is as good as stopped. */
static double read_memory(const char *root, const char *directory, int version)
{
    if (version == 1)
        return read_number(root, directory, "memory.limit_in_bytes");
    return fmin(read_number(root, directory, "memory.max"),
                read_number(root, directory, "memory.high"));
}

/* The least limit from a group up to the mount point; fmin() ignores NAN. */
static double least_above(const struct resource *resource, const char *root, struct place *place,
                          int version)
{
    double least = resource->read(root, place->directory, version);

    while (strlen(place->directory) > place->top) {
        *strrchr(place->directory, '/') = '\0';
        least = fmin(least, resource->read(root, place->directory, version));
    }
    return least;
}

static double least_in_hierarchy(const struct resource *resource, const char *root, int version)
{
    FILE *file = open_below(root, "/proc/self/mountinfo");
    char *path = own_path(root, version, resource->controller), *line = NULL, *part, *point;
    size_t size = 0;
    double least = NAN;

    while (file && path && getline(&line, &size, file) >= 0) {
        struct place place;

        if (!read_mount(line, version, resource->controller, &part, &point))
            continue;
        place.top = strlen(point);
        if (snprintf(place.directory, sizeof place.directory, "%s%s", point, below(path, part)) <
            (int)sizeof place.directory)
            least = fmin(least, least_above(resource, root, &place, version));
    }
    free(line);
    free(path);
    if (file)
        fclose(file);
    return least;
}

static double least_limit(const struct resource *resource, const char *root)
{
    return fmin(least_in_hierarchy(resource, root, 2), least_in_hierarchy(resource, root, 1));
}

double cgroup_cpu_quota(const char *root)
{
    static const struct resource cpu = {"cpu", read_quota};

    return least_limit(&cpu, root);
}

double cgroup_memory_bytes(const char *root)
{
    static const struct resource memory = {"memory", read_memory};

    return least_limit(&memory, root);
}
