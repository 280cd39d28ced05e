/* own.c - see own.h. */
#include "src/glu.h"

#include "src/util/own.h"

#include "src/util/ends_with.h"
#include "src/util/file_identity.h"
#include "src/util/io.h"
#include "src/util/standard.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- What an object says of itself ----------------------------------------------------------- */

enum { TEXT_BYTES = 32 }; /* more than any text below */

/* A member of an object, or of an object in it, or one of these whose text begins so. */
struct fact {
    const char *outer, *inner, *text;
};

enum { FACTS_MAX = 5 };

static const struct {
    struct fact facts[FACTS_MAX]; /* all of them make the kind */
} kinds[] = {
    {{{"schema_version", "", ""}, {"program", "name", PACKAGE_NAME}}},
    {{{"phase", "", ""}, {"variant", "", ""}, {"seed", "", ""}, {"step", "", ""}, {"inputs", "", ""}}},
    {{{"variant", "", ""}, {"seed", "", ""}, {"step", "", ""}, {"learning_rate", "", ""},
      {"train_s", "", ""}}},
    {{{"__metadata__", "producer", PACKAGE_NAME " "}}},
    {{{"glubench_variant", "", ""}}},
    {{{"glubench_tokenizer_sha256", "", ""}}},
    {{{"glubench_tokenizer", "", ""}}},
    {{{"program", "", ""}, {"axes", "", ""}, {"settings", "", ""}, {"cells", "", ""}}},
    {{{"key", "", ""}, {"config", "", ""}, {"variant", "", ""}, {"seed", "", ""}, {"run", "", ""}}},
};

/* What is known so far: bits of the facts, by kind. */
struct known {
    unsigned facts[LENGTH_OF(kinds)];
};

static void note(struct known *known, const char *outer, const char *inner, const char *text)
{
    for (size_t i = 0; i < LENGTH_OF(kinds); i++)
        for (int k = 0; k < FACTS_MAX && kinds[i].facts[k].outer; k++) {
            const struct fact *fact = &kinds[i].facts[k];

            if (strcmp(fact->outer, outer) == 0 && strcmp(fact->inner, inner) == 0 &&
                strncmp(fact->text, text, strlen(fact->text)) == 0)
                known->facts[i] |= 1u << k;
        }
}

static bool is_kind(const struct known *known)
{
    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        int count = 0;

        while (count < FACTS_MAX && kinds[i].facts[count].outer)
            count++;
        if (known->facts[i] == (1u << count) - 1)
            return true;
    }
    return false;
}

/* The text behind a quotation mark, as it stands there and cut. */
static void read_text(FILE *in, char text[TEXT_BYTES])
{
    int c, length = 0;

    while ((c = getc_unlocked(in)) != EOF && c != '"') {
        if (length < TEXT_BYTES - 1)
            text[length++] = (char)c;
        if (c == '\\')
            getc_unlocked(in);
    }
    text[length] = '\0';
}

/* Read an object, as far as it takes, in memory that does not grow with it. */
static bool object_is_ours(FILE *in)
{
    char name[3][TEXT_BYTES] = {"", "", ""}, text[TEXT_BYTES];
    bool is_object[3] = {false, false, false}, is_name = false;
    struct known known = {{0}};
    int64_t depth = 0;
    int c;

    while ((c = getc_unlocked(in)) != EOF) {
        bool seen = depth <= 2;

        if (c == '{' || c == '[') {
            if (++depth <= 2) {
                is_object[depth] = is_name = c == '{';
                name[depth][0] = '\0';
            }
        } else if (c == '}' || c == ']') {
            if (--depth == 0)
                break;
            is_name = false;
        } else if (c == ',') {
            is_name = seen && is_object[depth];
        } else if (c == ':') {
            is_name = false;
        } else if (c == '"') {
            read_text(in, text);
            if (!seen || depth == 0 || !is_object[depth])
                continue;
            if (is_name)
                strcpy(name[depth], text);
            note(&known, name[1], depth == 2 ? name[2] : "", is_name ? "" : text);
            if (is_kind(&known))
                return true;
        }
    }
    return false;
}

static bool is_card(FILE *in)
{
    static const char mark[] = "---\n" OWN_CARD_MARK " ";
    char head[sizeof mark - 1];

    return fseek(in, 0, SEEK_SET) == 0 && fread(head, 1, sizeof head, in) == sizeof head &&
           memcmp(head, mark, sizeof head) == 0;
}

static bool content_is_ours(FILE *in)
{
    char head[9] = "";
    size_t bytes = fread(head, 1, sizeof head, in);
    size_t blanks = 0;

    if (bytes == sizeof head && memcmp(head, "GLUBENCH", 8) == 0)
        return true;
    while (blanks < bytes && strchr(" \t\r\n", head[blanks]) && head[blanks])
        blanks++;
    if (blanks < bytes && head[blanks] == '{')
        return fseek(in, 0, SEEK_SET) == 0 && object_is_ours(in);
    if (bytes == sizeof head && memcmp(head, "---\n", 4) == 0)
        return is_card(in);
    if (bytes == sizeof head && head[8] == '{') /* behind the length that weights begin with */
        return fseek(in, 8, SEEK_SET) == 0 && object_is_ours(in);
    return false;
}

/* ---- Files ----------------------------------------------------------------------------------- */

bool own_file(const char *path)
{
    uint64_t bytes;
    int fd = io_open_regular(path, &bytes);
    FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
    bool is_ours = in && content_is_ours(in);

    if (in)
        fclose(in);
    else if (fd >= 0)
        close(fd);
    return is_ours;
}

/* Is that a name that a sweep gives a file there, or in a directory below? */
static bool is_run_name(const char *name, bool below)
{
    static const char *const names[] = {"study.json", "sweep.record", "lock"};
    static const char *const ends[] = {".state", ".lock", ".json"};
    bool is = false;

    for (size_t i = 0; i < LENGTH_OF(names); i++)
        is = is || strcmp(name, names[i]) == 0;
    for (size_t i = 0; i < (below ? LENGTH_OF(ends) : 1); i++)
        is = is || ends_with(name, ends[i]);
    return is;
}

/* Has a directory, and those of a sweep in it, nothing but such names?  So a crash may leave it. */
static bool has_run_names(const char *path, int depth)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    bool has = directory != NULL;

    while (has && (entry = readdir(directory)) != NULL) {
        const char *name = entry->d_name;
        char below[PATH_MAX], whole[sizeof entry->d_name];

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        snprintf(whole, sizeof whole, "%s", name);
        if (ends_with(whole, ".tmp"))
            whole[strlen(whole) - strlen(".tmp")] = '\0';
        if (depth == 0 && (strcmp(name, "run") == 0 || strcmp(name, "cells") == 0))
            has = io_join(below, path, name) == 0 && has_run_names(below, 1);
        else
            has = is_run_name(whole, depth > 0);
    }
    if (directory)
        closedir(directory);
    return has;
}

bool own_run_directory(const char *path)
{
    static const char *const names[] = {"study.json", "sweep.record"};
    struct stat status;
    char file[PATH_MAX];

    for (size_t i = 0; i < LENGTH_OF(names); i++)
        if (io_join(file, path, names[i]) == 0 && own_file(file))
            return true;
    if (!ends_with(path, ".run"))
        return false;
    if (io_join(file, path, "run/lock") == 0 && lstat(file, &status) == 0 && S_ISREG(status.st_mode))
        return true;
    return has_run_names(path, 0);
}

static struct file_identity *noted;
static int noted_count;

int own_note(const struct stat *status)
{
    struct file_identity *grown = realloc(noted, (size_t)(noted_count + 1) * sizeof *grown);

    if (!grown)
        return err_set("out of memory");
    noted = grown;
    noted[noted_count++] = file_identity(status);
    return 0;
}

static bool is_stream(FILE *stream, const struct stat *status)
{
    struct stat info;

    return fstat(fileno(stream), &info) == 0 && file_status_same(&info, status);
}

bool own_found(const char *path, const struct stat *status)
{
    const struct file_identity identity = file_identity(status);

    if (is_stream(standard_data(), status) || is_stream(stderr, status))
        return true;
    for (int i = 0; i < noted_count; i++)
        if (file_identity_same(&noted[i], &identity))
            return true;
    return S_ISDIR(status->st_mode) ? own_run_directory(path) : own_file(path);
}
