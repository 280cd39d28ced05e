/* test-reader.c - files to documents: text, JSON lines and gzip, whole and broken in every way. */
#include "src/glu.h"

#include "src/text/files.h"
#include "src/text/reader.h"
#include "src/util/utf8.h"
#include "src/util/json_bound.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#define DOCUMENT(text) "{\"text\": \"" text "\", \"url\": \"http://a.example\"}\n"

/* All documents of a file joined by '|' into a buffer of the caller; how many, or -1. */
static int read_all(const char *path, char *joined, size_t capacity, uint64_t *bad_lines)
{
    struct reader *reader;
    struct document document;
    size_t used = 0;
    int got, count = 0;

    joined[0] = '\0';
    if (reader_open(&reader, path, NULL))
        return -1;
    while ((got = reader_next(reader, &document)) > 0) {
        if (used + document.bytes + 2 > capacity)
            tap_bail_out("more text than expected from %s", path);
        if (count++)
            joined[used++] = '|';
        memcpy(joined + used, document.text, document.bytes);
        used += document.bytes;
        joined[used] = '\0';
    }
    if (got == 0)
        got = reader_check_lines(reader);
    if (bad_lines)
        *bad_lines = reader_lines(reader)->bad;
    reader_close(reader);
    return got ? -1 : count;
}

static void expect(const char *path, int count, const char *joined, const char *what)
{
    char *text = malloc(1 << 20);
    int got = read_all(path, text, 1 << 20, NULL);

    if (!tap_ok(got == count && strcmp(text, joined) == 0, "%s", what))
        tap_diag("%d documents (%s), %s", got, got < 0 ? err_get() : "no error", text);
    free(text);
}

static void expect_error(const char *path, const char *says, const char *what)
{
    char *text = malloc(1 << 20);
    int got = read_all(path, text, 1 << 20, NULL);

    tap_ok(got == -1 && strstr(err_get(), path) && strstr(err_get(), says), "%s: %s", what,
           got == -1 ? err_get() : "no error");
    free(text);
}

static void test_utf8(void)
{
    static const struct {
        const char *text;
        size_t bytes, valid;
    } cases[] = {
        {"", 0, 0},
        {"plain ASCII, longer than a word", 31, 31},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, 9},
        {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", 10, 10},
        {"abcdefg\x80", 8, 7},          /* a continuation by itself */
        {"abcdefgh\xc3", 9, 8},         /* cut off */
        {"\xe2\x82", 2, 0},             /* cut off */
        {"\xc0\x80", 2, 0},             /* overlong NUL */
        {"\xe0\x9f\xbf", 3, 0},         /* overlong */
        {"\xf0\x8f\xbf\xbf", 4, 0},     /* overlong */
        {"\xed\xa0\x80", 3, 0},         /* a surrogate */
        {"\xf4\x90\x80\x80", 4, 0},     /* above U+10FFFF */
        {"\xf8\x88\x80\x80\x80", 5, 0}, /* five bytes */
        {"12345678abc\0defghijkl", 20, 11},
        {"\xff\xfe" "a\0", 4, 0}, /* UTF-16 */
    };
    int right = 0;

    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        right += utf8_valid_bytes(cases[i].text, cases[i].bytes) == cases[i].valid;
    tap_ok(right == (int)LENGTH_OF(cases), "UTF-8: %d of %zu cases", right, LENGTH_OF(cases));
}

static void test_json(void)
{
    static const char good[] = DOCUMENT("one") DOCUMENT("t\\u00e9\\n2") "\n  \n" DOCUMENT("")
        DOCUMENT("\\n\\n") "{\"url\": [1, {\"text\": \"no\"}], \"text\": \"three\"}";
    static const char *const faults[] = {
        "not JSON\n", "{\"text\": 5}\n", "{\"txt\": \"a\"}\n", "[\"text\"]\n", "\"text\"\n",
        "{\"text\": \"cut of", "{\"text\": \"\xff\"}\n", "{\"text\": \"a\tb\"}\n",
        "{\"text\": \"\\x\"}\n", "{\"text\": \"a\"} {\"text\": \"b\"}\n",
    };
    char text[256], joined[256];
    uint64_t bad;

    expect(scratch_text("good.json", good), 3, "one|t\xc3\xa9\n2|three", "JSON lines");
    expect(scratch_gzip("good.json.gz", good, sizeof good - 1), 3, "one|t\xc3\xa9\n2|three",
           "gzip JSON lines");
    expect(scratch_text("GOOD.JSONL", "\xef\xbb\xbf" DOCUMENT("a") "{\"text\": \"b\"}\r\n"), 2, "a|b",
           "a byte order mark, CR LF and capitals in the name");
    expect(scratch_text("empty.jsonl", ""), 0, "", "an empty file has no documents");
    for (size_t i = 0; i < LENGTH_OF(faults); i++) {
        snprintf(text, sizeof text, DOCUMENT("a") DOCUMENT("b") "%s", faults[i]);
        tap_ok(read_all(scratch_text("fault.json", text), joined, sizeof joined, &bad) == 2 &&
                   bad == 1 && strcmp(joined, "a|b") == 0,
               "a bad line is skipped and counted: %.*s", (int)strcspn(faults[i], "\n"), faults[i]);
    }
    expect_error(scratch_text("most.json", "x\n\n" DOCUMENT("a") "y\nz\n"), ".json:1: ",
                 "most lines are bad");
    expect_error(scratch_text("array.json", "[\n {\"text\": \"a\"},\n {\"text\": \"b\"}\n]\n"),
                 "JSON lines", "a JSON array");
}

/* A line of nested brackets: neither the stack nor the time may run out. */
static void test_hostile_json(void)
{
    enum { DEPTH = 1 << 20, LINE = (64 << 20) + 4096 };
    char *text = malloc(LINE + 1), *to = text;
    char joined[64];
    uint64_t bad;

    if (!text)
        tap_bail_out("no memory");
    to += sprintf(to, DOCUMENT("a") DOCUMENT("b") "{\"text\": ");
    memset(to, '[', DEPTH);
    to += DEPTH;
    tap_ok(read_all(scratch_write("deep.json", text, (size_t)(to - text)), joined, sizeof joined,
                    &bad) == 2 && bad == 1,
           "a line of a million brackets is a bad line");
    memset(text, ' ', LINE);
    memcpy(text, "\n\n{", 3);
    expect_error(scratch_write("long.json", text, LINE), ".json:3: ", "a line without end");
    unlink(scratch_path("long.json"));
    free(text);
}

static void test_json_bound(void)
{
    static const struct {
        const char *text;
        size_t values; /* so many, and not fewer */
    } cases[] = {
        {"[[[[[[[[[[", 11},
        {"[1, 2, 3, [], {}]", 8},
        {"{\"a,[{\": \"b,[{\", \"c\": 1}", 3},
        {"{\"\\\"[[\": 1, \"\\\\\": [[", 5},
        {"\"[[[[[[", 1},
        {"\"\\", 1}, /* the text ends in an escape */
    };

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        size_t bytes = strlen(cases[i].text), most = cases[i].values;

        tap_ok(!json_has_more_values(cases[i].text, bytes, most) &&
                   (most - 1 >= bytes || json_has_more_values(cases[i].text, bytes, most - 1)),
               "%zu values: %s", most, cases[i].text);
    }
}

/* Read a file in another process that gets no more than `bytes` of memory beyond what it has. */
static bool reads_within(const char *path, size_t bytes, int documents, uint64_t bad_lines)
{
    unsigned long pages;
    FILE *statm = fopen("/proc/self/statm", "r");
    bool known = statm && fscanf(statm, "%lu", &pages) == 1;
    int status;
    pid_t child;

    if (!known)
        tap_bail_out("/proc/self/statm tells nothing");
    fclose(statm);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + bytes;
        struct reader *reader;
        struct document document;
        int count = 0;

        if (setrlimit(RLIMIT_AS, &(struct rlimit){most, most}) || reader_open(&reader, path, NULL))
            _exit(2);
        while (reader_next(reader, &document) > 0)
            count++;
        _exit(count == documents && reader_lines(reader)->bad == bad_lines ? 0 : 1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* Little on disk, much in memory: unless it is read piece by piece, and no tree is made of it. */
static void test_bombs(void)
{
    enum { BLOCK = 1 << 20, BLOCKS = 256, LISTS = 4 << 20, MEMORY = 64 << 20 };
    static const char head[] = DOCUMENT("a") "{\"text\": \"b\", \"more\": [", tail[] = "[]]}\n";
    const char *path = scratch_path("bomb.jsonl.gz");
    char *text = malloc(sizeof head + 3 * LISTS + sizeof tail), *to = text;
    gzFile file = gzopen(path, "wb1");

#ifdef BUILT_WITH_SANITIZERS
    gzclose(file);
    free(text);
    tap_skip(2, "the sanitizers take memory of their own");
    return;
#endif
    if (!text || !file)
        tap_bail_out("no memory");
    memset(text, ' ', BLOCK);
    text[BLOCK - 1] = '\n';
    for (int i = 0; i < BLOCKS; i++)
        if (gzwrite(file, text, BLOCK) != BLOCK)
            tap_bail_out("cannot write %s", path);
    gzputs(file, DOCUMENT("the end"));
    if (gzclose(file) != Z_OK)
        tap_bail_out("cannot write %s", path);
    tap_ok(reads_within(path, MEMORY, 1, 0), "gzip of %d MiB is read within %d", BLOCKS, MEMORY >> 20);

    to = memcpy(to, head, sizeof head - 1), to += sizeof head - 1;
    for (int i = 0; i < LISTS; i++)
        to = memcpy(to, "[],", 3), to += 3;
    to = memcpy(to, tail, sizeof tail - 1), to += sizeof tail - 1;
    path = scratch_gzip("lists.jsonl.gz", text, (size_t)(to - text));
    tap_ok(reads_within(path, MEMORY, 2, 0), "a line of %d lists is read within %d MiB", LISTS,
           MEMORY >> 20);
    free(text);
}

/* What follows the last member is left out, as gzip does it, however the bytes lie in the buffer. */
static void test_gzip_tails(const unsigned char *packed, size_t bytes)
{
    enum { LONG = 1 << 16 };
    static const char *const tails[] = {"\n", "x", "\x1f", "\x1f\x8a", "a line\n"};
    const char *text = "A line of text.\nAnd another one, so that there is a bit of it.";
    unsigned char *file = calloc(1, LONG + 16);
    int right = 0, told = 0;

    if (!file)
        tap_bail_out("no memory");
    for (size_t i = 0; i < LENGTH_OF(tails); i++) {
        char joined[256];

        memcpy(file, packed, bytes);
        memcpy(file + bytes, tails[i], strlen(tails[i]));
        warn_clear();
        right += read_all(scratch_write("tail.gz", file, bytes + strlen(tails[i])), joined,
                          sizeof joined, NULL) == 1 && strcmp(joined, text) == 0;
        told += warn_get(0) && strstr(warn_get(0), "tail.gz") && !warn_get(1);
    }
    tap_ok(right == (int)LENGTH_OF(tails), "what follows gzip data is left out");
    tap_ok(told == (int)LENGTH_OF(tails), "%s", warn_get(0) ? warn_get(0) : "not told");
    warn_clear();

    /* Padding up to all places around the end of a buffer, and another member. */
    right = 0;
    for (size_t end = LONG - 3; end <= LONG; end++) {
        char joined[256];

        memset(file, 0, LONG + 16);
        memcpy(file, packed, bytes);
        file = realloc(file, end + bytes);
        if (!file)
            tap_bail_out("no memory");
        memset(file + bytes, 0, end - bytes);
        memcpy(file + end, packed, bytes);
        right += read_all(scratch_write("members.gz", file, end + bytes), joined, sizeof joined,
                          NULL) == 1 && strlen(joined) == 2 * strlen(text) + 1;
        file = realloc(file, LONG + 16);
    }
    tap_ok(right == 4 && !warn_get(0), "a member that begins at the end of a buffer is found");
    free(file);
}

static void test_gzip(void)
{
    static const char text[] = "A line of text.\nAnd another one, so that there is a bit of it.\n";
    unsigned char packed[512];
    const char *path = scratch_gzip("text.gz", text, sizeof text - 1);
    size_t bytes = scratch_read(path, packed, sizeof packed / 2);
    int wrong = 0;

    expect(path, 1, "A line of text.\nAnd another one, so that there is a bit of it.", "gzip text");

    memcpy(packed + bytes, packed, bytes);
    expect(scratch_write("two.gz", packed, 2 * bytes), 1,
           "A line of text.\nAnd another one, so that there is a bit of it.\n"
           "A line of text.\nAnd another one, so that there is a bit of it.",
           "gzip of two members");
    memset(packed + bytes, 0, bytes);
    expect(scratch_write("padded.gz", packed, 2 * bytes), 1,
           "A line of text.\nAnd another one, so that there is a bit of it.", "gzip with padding");
    test_gzip_tails(packed, bytes);

    for (size_t cut = 2; cut < bytes; cut++) {
        char joined[256];

        wrong += read_all(scratch_write("cut.gz", packed, cut), joined, sizeof joined, NULL) != -1 ||
                 !strstr(err_get(), "cut.gz: the gzip data are cut off");
    }
    tap_ok(wrong == 0, "gzip cut off anywhere is an error: %s", err_get());

    wrong = 0;
    for (size_t i = 10; i < bytes; i++) { /* the header's time and system do not matter */
        char joined[1024];

        packed[i] ^= 0x10;
        wrong += read_all(scratch_write("flip.gz", packed, bytes), joined, sizeof joined, NULL) != -1 &&
                 strncmp(joined, text, sizeof text - 2) != 0; /* bits that mean nothing may flip */
        packed[i] ^= 0x10;
    }
    tap_ok(wrong == 0, "a bit of gzip that is flipped is an error: %s", err_get());
    expect(scratch_text("name.txt.gz", text), 1,
           "A line of text.\nAnd another one, so that there is a bit of it.", "only the name is gzip");
    expect_error(scratch_text("empty.gz", ""), "not gzip data", "empty .gz");
}

/* Documents of a long text lie in it one after the other, with nothing but line ends between. */
static void check_cuts(const char *path, const char *text, size_t bytes, const char *what)
{
    struct reader *reader;
    struct document document;
    size_t at = 0, shortest = SIZE_MAX, longest = 0;
    bool complete = true;
    int got, count = 0;

    if (reader_open(&reader, path, NULL))
        tap_bail_out("%s", err_get());
    while ((got = reader_next(reader, &document)) > 0) {
        while (at < bytes && text[at] == '\n')
            at++;
        complete = complete && at + document.bytes <= bytes &&
                   memcmp(text + at, document.text, document.bytes) == 0 &&
                   utf8_valid_bytes(document.text, document.bytes) == document.bytes;
        at += document.bytes;
        if (count++ && at < bytes - 4)
            shortest = document.bytes < shortest ? document.bytes : shortest;
        longest = document.bytes > longest ? document.bytes : longest;
    }
    reader_close(reader);
    while (at < bytes && text[at] == '\n')
        at++;
    tap_ok(got == 0 && complete && at == bytes, "%s: complete in %d documents", what, count);
    tap_ok(longest <= 4096 && shortest >= 2000, "%s: documents of %zu to %zu bytes", what, shortest,
           longest);
}

static void test_text(void)
{
    enum { BYTES = 300000 };
    char *text = malloc(BYTES + 4);

    if (!text)
        tap_bail_out("no memory");
    expect(scratch_text("short.txt", "\xef\xbb\xbfOne.\n\nTwo.\r\n\n"), 1, "One.\n\nTwo.",
           "a short file is one document");
    expect(scratch_text("blank.txt", "\n\n\n"), 0, "", "line ends are no document");
    expect(scratch_text("empty.txt", ""), 0, "", "an empty file has no documents");

    for (size_t i = 0; i < BYTES; i++)
        text[i] = i % 700 == 699 || i % 700 == 698 ? '\n' : i % 7 == 6 ? ' ' : 'x';
    check_cuts(scratch_write("paragraphs", text, BYTES), text, BYTES, "paragraphs");
    check_cuts(scratch_gzip("paragraphs.txt.gz", text, BYTES), text, BYTES, "gzip paragraphs");
    memset(text, 'y', BYTES);
    check_cuts(scratch_write("line", text, BYTES), text, BYTES, "a line without words");
    for (size_t i = 0; i < BYTES; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    check_cuts(scratch_write("euros", text, BYTES), text, BYTES, "characters of three bytes");

    memset(text, 'y', BYTES);
    text[200001] = '\xe9';
    expect_error(scratch_write("latin.txt", text, BYTES), "byte 0xe9 at offset 200001", "Latin-1");
    text[200001] = '\0';
    expect_error(scratch_write("nul.txt", text, BYTES),
                 "byte 0x00 at offset 200001 (convert it when it is UTF-16", "NUL");
    expect_error(scratch_write("cut.txt", "abc\xe2\x82", 5), "at offset 3", "a character cut off");
    expect_error(scratch_path("missing.txt"), "No such file", "a missing file");
    free(text);
}

static void test_hash(void)
{
    tap_ok(document_hash("abc", 3) == document_hash("abc", 3) &&
               document_hash("abc", 3) != document_hash("abd", 3) &&
               document_hash("", 0) != document_hash("\0", 1),
           "hashes tell texts apart");
}

static void test_files(void)
{
    struct file_list list;
    const char *tree = scratch_path("tree"), *paths[3], *warning;
    bool ordered;

    scratch_text("tree/b/2.txt", "2");
    scratch_text("tree/b/10.txt", "10");
    scratch_text("tree/a.txt", "a");
    scratch_text("tree/B.txt", "B");
    scratch_text("tree/.hidden", "h");
    scratch_text("tree/.git/config", "c");
    scratch_text("outside.txt", "o");
    if (symlink("../outside.txt", scratch_path("tree/link")) ||
        symlink("..", scratch_path("tree/loop")))
        tap_bail_out("no symbolic links");

    warn_clear();
    paths[0] = tree;
    ordered = files_find(&list, paths, 1, FIELD("corpus")) == 0 && list.count == 5;
    for (int i = 0; ordered && i < 5; i++)
        ordered = strcmp(strstr(list.files[i].path, "tree/"),
                         (const char *[]){"tree/B.txt", "tree/a.txt", "tree/b/10.txt",
                                          "tree/b/2.txt", "tree/link"}[i]) == 0;
    tap_ok(ordered, "a directory: sorted, nothing hidden, links to files");
    warning = warn_get(0);
    tap_ok(warning && !warn_get(1) && strstr(warning, "tree/loop"), "left out: %s", warning ? warning : "");
    files_free(&list);

    warn_clear();
    paths[1] = scratch_path("tree/link");
    paths[2] = scratch_path("tree/a.txt");
    tap_ok(files_find(&list, paths, 3, FIELD("corpus")) == 0 && list.count == 5 && warn_get(2) &&
               strstr(warn_get(2), "is named twice"),
           "a file named twice is read once");
    files_free(&list);

    paths[0] = scratch_path("nowhere");
    tap_ok(files_find(&list, paths, 1, FIELD("corpus")) == -1 && strstr(err_get(), "corpus ") &&
               strstr(err_get(), "nowhere"),
           "%s", err_get());
    mkdir(scratch_path("bare"), 0777);
    paths[0] = scratch_path("bare");
    tap_ok(files_find(&list, paths, 1, FIELD("heldout")) == -1 && strstr(err_get(), "no file"),
           "%s", err_get());
    mkfifo(scratch_path("pipe"), 0666);
    paths[0] = scratch_path("pipe");
    tap_ok(files_find(&list, paths, 1, FIELD("corpus")) == -1 && strstr(err_get(), "pipe"), "%s",
           err_get());

    mkdir(scratch_path("locked"), 0777);
    chmod(scratch_path("locked"), 0);
    paths[0] = scratch_path("locked");
    if (access(paths[0], R_OK) == 0)
        tap_skip(1, "this user may read everything");
    else
        tap_ok(files_find(&list, paths, 1, FIELD("corpus")) == -1 && strstr(err_get(), "locked"),
               "%s", err_get());
}

int main(void)
{
    tap_plan(1 + 16 + 2 + 6 + 2 + 10 + 15 + 1 + 7);
    test_utf8();
    test_json();
    test_hostile_json();
    test_json_bound();
    test_bombs();
    test_gzip();
    test_text();
    test_hash();
    test_files();
    warn_clear();
    return tap_status();
}
