/* test-outputs.c - names of files, which files are ours, and what may be written. */
#include "src/glu.h"

#include "src/util/io.h"
#include "src/util/outputs.h"
#include "src/util/own.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Names ----------------------------------------------------------------------------------- */

/* Does the path, in the scratch directory, have that name in `base`? */
static void check_name(const char *base, const char *path, const char *expected)
{
    char found[PATH_MAX], wanted[PATH_MAX];

    snprintf(wanted, sizeof wanted, "%s%s%s", base, expected[0] ? "/" : "", expected);
    tap_ok(io_canonical(scratch_path(path), found) == 0 && strcmp(found, wanted) == 0, "name: %s: %s",
           path, found);
}

static void test_names(void)
{
    char base[PATH_MAX], deep[PATH_MAX], to[PATH_MAX];

    scratch_text("there/file", "x");
    if (!realpath(scratch_path("."), base) || symlink("there", scratch_path("link")) ||
        symlink("link/new", scratch_path("dangling")) || symlink("loop", scratch_path("loop")))
        tap_bail_out("no links");
    check_name(base, "there/file", "there/file");
    check_name(base, "link/../link//./file", "there/file");
    check_name(base, "there/new", "there/new");
    check_name(base, "link/new/", "there/new");
    check_name(base, "dangling", "there/new");
    check_name(base, "dangling/and/more", "there/new/and/more");
    check_name(base, "no/./such/../way", "no/way");
    check_name(base, "no/way/../../such", "such");
    tap_ok(io_canonical(scratch_path("loop"), to) == -1, "name: a link to itself");
    tap_ok(io_canonical(scratch_path("there/file/below"), to) == -1, "name: below a file");
    memset(deep, 'd', sizeof deep);
    for (size_t i = 1; i < sizeof deep; i += 2)
        deep[i] = '/';
    deep[sizeof deep - 1] = '\0';
    tap_ok(io_canonical(deep, to) == -1 || strlen(to) < PATH_MAX, "name: as deep as can be");
}

/* ---- Ours ------------------------------------------------------------------------------------ */

static void test_own(void)
{
    static const struct {
        const char *text;
        bool ours;
        const char *what;
    } files[] = {
        {"{\"schema_version\": 1, \"program\": {\"name\": \"glubench\"}}", true, "results"},
        {" \n\t{\"program\": {\"x\": [{\"name\": 1}], \"name\": \"glubench\"}, \"runs\": [[{}]], "
         "\"schema_version\" : 1}",
         true, "results, in another order"},
        {"{\"schema_version\":1,\"program\":{\"name\":\"glubench\",", true, "results that are cut"},
        {"{\"schema_version\": 1, \"program\": {\"name\": \"other\"}}", false, "another's results"},
        {"{\"schema_version\": 1, \"program\": [\"name\", \"glubench\"]}", false, "a list"},
        {"{\"x\": {\"schema_version\": 1, \"program\": {\"name\": \"glubench\"}}}", false, "deeper"},
        {"{\"x\": \"schema_version\", \"program\": {\"name\": \"glubench\"}}", false, "a value"},
        {"{\"text\": \"\\\"schema_version\\\": 1\", \"program\": {\"name\": \"glubench\"}}", false,
         "in a text"},
        {"{}\n{\"schema_version\": 1, \"program\": {\"name\": \"glubench\"}}", false, "a second line"},
        {"[{\"schema_version\": 1, \"program\": {\"name\": \"glubench\"}}]", false, "in a list"},
        {"{\"phase\": \"train\", \"variant\": \"relu\", \"seed\": 1, \"step\": 1, \"inputs\": [[", true,
         "batches"},
        {"{\"d_ff\": 9, \"glubench_variant\": \"relu\"}", true, "config.json"},
        {"{\"d_ff\": 9, \"glubench_variants\": \"relu\"}", false, "another config.json"},
        {"\x90zzzzzzz{\"__metadata__\":{\"format\":\"pt\",\"producer\":\"glubench 1.0\"}}", true,
         "weights"},
        {"\x90zzzzzzz{\"__metadata__\":{\"format\":\"pt\"}}", false, "another's weights"},
        {"GLUBENCH\x01 and more", true, "a record"},
        {"GLUBENCH", false, "a word"},
        {"", false, "nothing"},
        {"{", false, "one brace"},
        {"{\"a\\", false, "half a text"},
        {"]]]}}}{\"glubench_variant\": 1}", false, "brackets"},
        {"{]]]}}}{\"glubench_variant\": 1}", false, "brackets that do not fit"},
    };

    for (size_t i = 0; i < LENGTH_OF(files); i++)
        tap_ok(own_file(scratch_text("some", files[i].text)) == files[i].ours, "ours: %s",
               files[i].what);
    tap_ok(!own_file(scratch_path("nowhere")) && !own_file(scratch_path(".")), "ours: no file");
    scratch_text("a.run/run/lock", "1\n");
    scratch_text("b.run/run/notes", "1\n");
    scratch_text("e.run/cells/1.json.tmp", "{");
    scratch_text("c.run/study.json", "{\"program\":1,\"axes\":1,\"settings\":1,\"cells\":[]}");
    scratch_text("d/run/lock", "1\n");
    scratch_text("f.run/text.json", "1\n");
    tap_ok(own_run_directory(scratch_path("a.run")) && own_run_directory(scratch_path("c.run")) &&
               own_run_directory(scratch_path("e.run")) &&
               !own_run_directory(scratch_path("f.run")) &&
               !own_run_directory(scratch_path("b.run")) && !own_run_directory(scratch_path("d")),
           "ours: run directories");
}

/* ---- The rule -------------------------------------------------------------------------------- */

/* Check one input and two outputs, NULL for none; the message must have the words. */
static void check_rule(const char *input, const char *a, const char *b, bool force, const char *words,
                       const char *what)
{
    struct outputs outputs = {NULL};
    int status = 0;

    err_set("%s", "");
    if ((input && outputs_add_input(&outputs, "IN", scratch_path(input))) ||
        (a && outputs_add(&outputs, "A", scratch_path(a), OUTPUT_ANY)) ||
        (b && outputs_add(&outputs, "B", scratch_path(b), OUTPUT_FILE)))
        tap_bail_out("no memory");
    status = outputs_check(&outputs, force);
    outputs_free(&outputs);
    tap_ok(status == (words ? -1 : 0) && (!words || strstr(err_get(), words)), "rule: %s: %s", what,
           err_get());
}

static void test_rule(void)
{
    static const char ours[] = "{\"glubench_variant\": 1}";

    scratch_text("text/a", "a");
    scratch_text("text/ours", ours);
    scratch_text("empty", "");
    if (link(scratch_path("text/a"), scratch_path("hard")) ||
        symlink("text/a", scratch_path("soft")) || mkfifo(scratch_path("pipe"), 0600))
        tap_bail_out("no links");
    check_rule(NULL, NULL, NULL, false, NULL, "nothing");
    check_rule("text", "new", "text/new", false, NULL, "new ones");
    check_rule("text/a", "hard", NULL, true, "is read as IN", "a hard link to an input");
    check_rule("text/a", NULL, "soft", true, "is read as IN", "a symbolic link to an input");
    check_rule("text", "hard", NULL, true, "is read as IN", "a link to a file in a folder");
    check_rule("text", "text/ours", NULL, false, NULL, "ours in a folder");
    check_rule("text/ours", "text/ours", NULL, true, "is read as IN", "ours, that is named");
    check_rule(NULL, "text/a", NULL, false, "did not write it", "not ours");
    check_rule(NULL, "text/a", NULL, true, NULL, "not ours, and force");
    check_rule(NULL, "empty", "text/ours", false, NULL, "empty, and ours");
    check_rule(NULL, "hard", "soft", true, "one file", "two links");
    check_rule(NULL, "new", "text/../new", true, "one file", "two names of what is not there");
    check_rule(NULL, "new", "new.tmp", true, "one file", "a temporary file");
    check_rule("text/a", "soft", NULL, true, "is read as IN", "a link to an input");
    check_rule(NULL, "text", NULL, true, "is a directory", "a directory");
    check_rule(NULL, "pipe", NULL, false, NULL, "a pipe");
    check_rule(NULL, NULL, "pipe", true, "no regular file", "a pipe for a file");
}

int main(void)
{
    tap_plan(11 + 24 + 17);
    test_names();
    test_own();
    test_rule();
    return tap_status();
}
