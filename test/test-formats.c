/* test-formats.c - what a file is, by its content; the fields of JSON lines; folders; files that
 * change. */
#include "src/glu.h"

#include "src/text/files.h"
#include "src/text/reader.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOCUMENT(text) "{\"text\": \"" text "\", \"url\": \"http://a.example\"}\n"

/* How many documents a file has, or -1. */
static int count_documents(const char *path)
{
    struct document document;
    struct reader *reader;
    int got, count = 0;

    if (reader_open(&reader, path, NULL))
        return -1;
    while ((got = reader_next(reader, &document)) > 0)
        count++;
    if (got == 0)
        got = reader_check_lines(reader);
    reader_close(reader);
    return got ? -1 : count;
}

static void expect_error(const char *path, const char *says, const char *what)
{
    int got = count_documents(path);

    tap_ok(got == -1 && strstr(err_get(), path) && strstr(err_get(), says), "%s: %s", what,
           got == -1 ? err_get() : "no error");
}

/* The content tells what a file is. */
static void test_formats(void)
{
    static const struct {
        const char *name, *content;
        size_t bytes; /* 0: strlen() */
        const char *kind; /* NULL: refused */
        const char *says;
    } cases[] = {
        {"part-00000", DOCUMENT("a") DOCUMENT("b"), 0, "c4", ""},
        {"lines.txt", "\xef\xbb\xbf\n \n" DOCUMENT("a"), 0, "c4", ""},
        {"first-is-bad", "oh\n" DOCUMENT("a") DOCUMENT("b"), 0, "c4", ""},
        {"numbers", "{\"text\": \"a\", \"n\": NaN}\n", 0, "c4", ""},
        {"cut", "{\"text\": \"a cut lin", 0, "c4", ""},
        {"plain.json", "no JSON at all\n", 0, "c4", ""},
        {"main.c", "{\n    int x;\n}\n", 0, "text", ""},
        {"latex", "{\\bf \"quoted\"}\n", 0, "text", ""},
        {"braces", "{}\nfoo\n", 0, "text", ""},
        {"quoted", "{\"a\nb\"}\n", 0, "text", ""},
        {"notes", "[1] A note.\n[2] Another.\n", 0, "text", ""},
        {"one line of it", "Some text\n" DOCUMENT("a") "and more\n", 0, "text", ""},
        {"ORCHESTRA", "ORCHESTRA", 0, "text", ""},
        {"PARTS", "PAR1 of the text", 0, "text", ""},
        {"array", "[\n " DOCUMENT("a") "]\n", 0, NULL, "a JSON array, and neither text nor JSON "
         "lines: make lines of its elements (jq -c '.[]'"},
        {"array.json", "[{\"text\": \"a\"}]", 0, NULL, "jq -c '.[]'"},
        {"arrays", "[\"a\"]\n[\"b\"]\n", 0, NULL, "JSON array"},
        {"pretty", "{\n  \"text\": \"a\"\n}\n", 0, NULL, "jq -c . FILE"},
        {"a.json.zst", "\x28\xb5\x2f\xfd....", 0, NULL, "zstd -d"},
        {"a.xz", "\xfd" "7zXZ\0....", 10, NULL, "xz -d"},
        {"a.bz2", "BZh91AY&SY\x80\xff\xff\xff\xff", 0, NULL, "bzip2 -d"},
        {"a.zip", "PK\3\4....", 0, NULL, "unzip"},
        {"a.parquet", "PAR1\x15\4\x15\x80\1\0\xff\xff", 12, NULL, "a parquet table"},
        {"a.arrow", "\xff\xff\xff\xff\x10\1\0\0", 8, NULL, "datasets.Dataset"},
        {"a.feather", "ARROW1\0\0\xff\xff\xff\xff", 12, NULL, "an Arrow table"},
        {"a.pdf", "%PDF-1.7\n%\xe2\xe3", 0, NULL, "pdftotext"},
        {"a.db", "SQLite format 3\0", 16, NULL, "sqlite3"},
        {"a.h5", "\x89HDF\r\n\x1a\n", 0, NULL, "HDF5"},
        {"utf16.txt", "\xff\xfe" "a\0", 4, NULL, "iconv -f UTF-16 "},
        {"utf16be", "\0a\0b\0c", 6, NULL, "iconv -f UTF-16BE "},
        {"lfs.jsonl", "version https://git-lfs.github.com/spec/v1\n", 0, NULL, "git lfs pull"},
        {"records", "\x20\0\0\0\0\0\0\0abcd\n\x1e", 14, NULL, "TFRecord"},
    };
    char tar[512] = "name";
    unsigned char packed[512];
    size_t bytes;

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        size_t length = cases[i].bytes ? cases[i].bytes : strlen(cases[i].content);
        const char *path = scratch_write(cases[i].name, cases[i].content, length), *kind = NULL;
        struct reader *reader;

        if (reader_open(&reader, path, NULL) == 0)
            kind = reader_kind(reader);
        tap_ok(cases[i].kind ? kind && strcmp(kind, cases[i].kind) == 0
                             : !kind && strstr(err_get(), cases[i].says) && strstr(err_get(), path),
               "%s: %s", cases[i].name, kind ? kind : err_get());
        reader_close(reader);
    }
    memcpy(tar + 257, "ustar", 6);
    expect_error(scratch_gzip("a.tar.gz", tar, sizeof tar), "inside gzip, a tar archive", "tar");
    bytes = scratch_read(scratch_gzip("b.gz", "text", 4), packed, sizeof packed);
    expect_error(scratch_gzip("b.gz.gz", packed, bytes), "gzip -d", "gzip twice");
}

/* Lines of any length are seen as what they are. */
static void test_long_lines(void)
{
    enum { LONG = 200000 };
    char *text = malloc(LONG + 64);
    size_t used;

    if (!text)
        tap_bail_out("no memory");
    memset(text, 'a', LONG);
    memcpy(text, "{\"text\": \"", 10);
    used = LONG + (size_t)sprintf(text + LONG, "\"}\n{\"text\": \"b\"}\n");
    tap_ok(count_documents(scratch_write("long-line", text, used)) == 2,
           "a line of %d bytes is JSON lines", LONG);
    memcpy(text, "[{\"text\": \"", 12);
    expect_error(scratch_write("long-array", text, LONG), "jq -c '.[]'", "an array in a long line");
    memcpy(text, "{aaaaaaaaaaa", 12);
    tap_ok(count_documents(scratch_write("long-text", text, LONG)) > 40,
           "a long line that is none of JSON is text");
    free(text);
}

static void test_fields(void)
{
    static const char lines[] = "{\"id\": \"7\", \"content\": \"one, and longer\"}\n"
                                "{\"content\": \"two\", \"id\": 8, \"text\": null}\n";
    const char *path = scratch_text("content.jsonl", lines);
    const struct reader_options options = {.field = "content"};
    struct document document;
    struct reader *reader;
    int count = 0;

    expect_error(path, ":1: has no \"text\"; its fields are id, content: text_field content",
                 "another field");
    if (reader_open(&reader, path, &options))
        tap_bail_out("%s", err_get());
    while (reader_next(reader, &document) > 0)
        count++;
    tap_ok(count == 2 && reader_check_lines(reader) == 0, "it is read by its name");
    reader_close(reader);

    if (reader_open(&reader, scratch_text("halves.jsonl", "{\"text\": \"\\ud800 \\u0000\"}\n"
                                          "{\"text\": \"b\", \"x\": \"\\ud800\"}\n"), NULL))
        tap_bail_out("%s", err_get());
    tap_ok(reader_next(reader, &document) > 0 && document.bytes == 7 &&
               memcmp(document.text, "\xef\xbf\xbd \xef\xbf\xbd", 7) == 0 &&
               reader_next(reader, &document) > 0 && reader_lines(reader)->replaced == 2 &&
               reader_lines(reader)->bad == 0,
           "halves of surrogate pairs and \\u0000 become U+FFFD and are counted");
    reader_close(reader);
}

/* A file that is another than it was, when it is opened or at its end. */
static void test_changes(void)
{
    enum { LONG = 1 << 18 };
    const char *path = scratch_path("changes/a.txt"), *directory = scratch_path("changes");
    int got;
    struct document document;
    struct file_list list;
    struct reader *reader;
    FILE *file;
    char *text = malloc(LONG);

    if (!text)
        tap_bail_out("no memory");
    memset(text, 'a', LONG);
    scratch_write("changes/a.txt", text, LONG);
    free(text);
    if (files_find(&list, &directory, 1, FIELD("corpus")))
        tap_bail_out("%s", err_get());
    tap_ok(files_check(&list) == 0 && files_open(&reader, &list.files[0], NULL, NULL) == 0 &&
               reader_next(reader, &document) == 1,
           "a file that stays as it is");
    file = fopen(path, "a");
    if (!file || fputs(" and after", file) == EOF || fclose(file))
        tap_bail_out("cannot write %s", path);
    while ((got = reader_next(reader, &document)) > 0)
        ;
    tap_ok(got == -1 && strstr(err_get(), "changes/a.txt has changed"),
           "a file that grows while it is read");
    reader_close(reader);
    tap_ok(files_check(&list) == -1 && strstr(err_get(), "changes/a.txt has changed") &&
               strstr(err_get(), "longer"), "%s", err_get());
    tap_ok(files_open(&reader, &list.files[0], NULL, NULL) == -1 && !reader &&
               strstr(err_get(), "changes/a.txt has changed"), "it is not opened again");
    scratch_text("changes/b.txt", "other!");
    rename(scratch_path("changes/b.txt"), path);
    tap_ok(files_check(&list) == -1 && strstr(err_get(), "another file"), "%s", err_get());
    unlink(path);
    tap_ok(files_check(&list) == -1 && strstr(err_get(), "No such file"), "%s", err_get());
    files_free(&list);

    scratch_text("changes/c.txt", "same");
    if (files_find(&list, &directory, 1, FIELD("corpus")))
        tap_bail_out("%s", err_get());
    scratch_store(scratch_path("changes/c.txt"), "SAME", 4);
    utimensat(AT_FDCWD, scratch_path("changes/c.txt"), (struct timespec[2]){{1, 0}, {1, 5}}, 0);
    tap_ok(files_check(&list) == -1 && strstr(err_get(), "written to"), "%s", err_get());
    files_free(&list);
}

/* The list of a directory's files, joined, each without what is before "folders/". */
static const char *find(const char *name)
{
    static char joined[1000];
    const char *path = scratch_path(name);
    struct file_list list;
    size_t used = 0;

    warn_clear();
    if (files_find(&list, &path, 1, FIELD("corpus")))
        return err_get();
    joined[0] = '\0';
    for (int i = 0; i < list.count; i++)
        used += (size_t)snprintf(joined + used, sizeof joined - used, "%s%s", i ? " " : "",
                                 strstr(list.files[i].path, "folders/") + 8);
    files_free(&list);
    return joined;
}

static bool warns(const char *says)
{
    return warn_get(0) && strstr(warn_get(0), says) && !warn_get(1);
}

static void test_folders(void)
{
    const char *got;

    scratch_text("folders/mixed/part-0", DOCUMENT("a"));
    scratch_text("folders/mixed/b/part-1", DOCUMENT("b"));
    scratch_text("folders/mixed/README.md", "About.");
    scratch_text("folders/mixed/about.json", "{\n \"a\": 1\n}\n");
    scratch_text("folders/mixed/_SUCCESS", "");
    got = find("folders/mixed");
    tap_ok(strcmp(got, "mixed/b/part-1 mixed/part-0") == 0, "JSON lines in a folder: %s", got);
    tap_ok(warns("3 files beside JSON lines are left out; the first: ") && warns("/README.md"), "%s",
           warn_get(0));
    scratch_text("folders/texts/a.md", "A");
    scratch_text("folders/texts/b.txt", "B");
    got = find("folders/texts");
    tap_ok(strcmp(got, "texts/a.md texts/b.txt") == 0 && !warn_get(0), "no JSON lines: %s", got);

    /* As the hub's programs keep a data set. */
    scratch_text("folders/hub/refs/main", "abc");
    scratch_text("folders/hub/blobs/00ff", DOCUMENT("a"));
    scratch_text("folders/hub/blobs/ff00", DOCUMENT("b"));
    scratch_text("folders/hub/snapshots/abc/en/empty", "");
    if (symlink("../../../blobs/ff00", scratch_path("folders/hub/snapshots/abc/en/1.json")) ||
        symlink("../../../blobs/00ff", scratch_path("folders/hub/snapshots/abc/en/2.json")) ||
        symlink("../abc", scratch_path("folders/hub/snapshots/abc/loop")))
        tap_bail_out("no symbolic links");
    unlink(scratch_path("folders/hub/snapshots/abc/en/empty"));
    got = find("folders/hub");
    tap_ok(strcmp(got, "hub/snapshots/abc/en/1.json hub/snapshots/abc/en/2.json") == 0 &&
               !warn_get(0), "the hub's folder: %s", got);
    got = find("folders/hub/snapshots/abc");
    tap_ok(strcmp(got, "hub/snapshots/abc/en/1.json hub/snapshots/abc/en/2.json") == 0 &&
               !warn_get(0), "its snapshot: %s", got);
    scratch_text("folders/hub/snapshots/def/1.json", DOCUMENT("a"));
    got = find("folders/hub");
    tap_ok(strstr(got, "hub/snapshots has 2 revisions"), "%s", got);

    scratch_text("folders/links/a.txt", "A");
    if (symlink("a.txt", scratch_path("folders/links/b.txt")) ||
        symlink(".", scratch_path("folders/links/c")))
        tap_bail_out("no symbolic links");
    got = find("folders/links");
    tap_ok(strcmp(got, "links/a.txt") == 0 && !warn_get(0), "links within a folder: %s", got);
    if (symlink("../texts", scratch_path("folders/links/d")))
        tap_bail_out("no symbolic links");
    got = find("folders/links");
    tap_ok(strcmp(got, "links/a.txt") == 0 && warns("links/d is a link to a directory elsewhere"), "%s",
           warn_get(0) ? warn_get(0) : got);
    if (symlink("nowhere", scratch_path("folders/links/e")))
        tap_bail_out("no symbolic links");
    got = find("folders/links");
    tap_ok(strstr(got, "links/e is a link to a file that is not there"), "%s", got);
    warn_clear();
}

int main(void)
{
    tap_plan(32 + 2 + 3 + 3 + 7 + 9);
    test_formats();
    test_long_lines();
    test_fields();
    test_changes();
    test_folders();
    return tap_status();
}
