/* format.c - see format.h. */
#include "src/glu.h"

#include "src/text/format.h"
#include "src/text/json_line.h"
#include "src/util/utf8.h"

#include <string.h>
#include <strings.h>

/* ==== What is read after something else ==== */

#define PANDAS(reader)                                                                             \
    "convert it (python3 -c 'import pandas; pandas." reader                                        \
    "(\"FILE\").to_json(\"FILE.jsonl\", orient=\"records\", lines=True)')"

/* The first bytes of files; where one row's are the beginning of another's, the longer ones come
 * first.  `letters`: text can begin so too, and such a file is none. */
static const struct {
    size_t offset, bytes;
    const char *magic;
    bool letters;
    const char *what, *remedy;
} foreign[] = {
    {0, 2, "\x1f\x8b", false, "gzip inside gzip", "decompress it (gzip -d FILE)"},
    {0, 4, "\x28\xb5\x2f\xfd", false, "compressed by zstd", "decompress it (zstd -d FILE)"},
    {0, 6, "\xfd" "7zXZ\0", false, "compressed by xz", "decompress it (xz -d FILE)"},
    {4, 6, "1AY&SY", false, "compressed by bzip2", "decompress it (bzip2 -d FILE)"},
    {0, 3, "BZh", true, "compressed by bzip2", "decompress it (bzip2 -d FILE)"},
    {0, 4, "\x04\x22\x4d\x18", false, "compressed by lz4", "decompress it (lz4 -d FILE)"},
    {0, 4, "LZIP", true, "compressed by lzip", "decompress it (lzip -d FILE)"},
    {0, 2, "\x1f\x9d", false, "compressed by compress", "decompress it (gzip -d FILE)"},
    {0, 4, "PK\3\4", false, "a zip archive, or a document that is one", "unpack it (unzip FILE)"},
    {0, 6, "7z\xbc\xaf\x27\x1c", false, "a 7z archive", "unpack it (7z x FILE)"},
    {0, 6, "Rar!\x1a\x07", false, "a rar archive", "unpack it (unrar x FILE)"},
    {257, 5, "ustar", true, "a tar archive", "unpack it (tar -xf FILE)"},
    {0, 4, "PAR1", true, "a parquet table", PANDAS("read_parquet")},
    {0, 6, "ARROW1", true, "an Arrow table", PANDAS("read_feather")},
    {0, 4, "\xff\xff\xff\xff", false, "an Arrow stream",
     "convert it (python3 -c 'import datasets; "
     "datasets.Dataset.from_file(\"FILE\").to_json(\"FILE.jsonl\")')"},
    {0, 4, "FEA1", true, "a Feather table", PANDAS("read_feather")},
    {0, 3, "ORC", true, "an ORC table", PANDAS("read_orc")},
    {0, 4, "Obj\1", false, "an Avro file", "convert it (avro cat FILE >FILE.jsonl)"},
    {0, 16, "SQLite format 3\0", false, "an SQLite database",
     "write its text to a file (sqlite3 FILE 'SELECT ...')"},
    {0, 8, "\x89HDF\r\n\x1a\n", false, "an HDF5 file",
     "write its text to a file (h5dump shows what there is)"},
    {0, 6, "\x93NUMPY", false, "a numpy array", "leave it out"},
    {0, 5, "%PDF-", false, "a PDF document", "convert it (pdftotext FILE)"},
    {0, 5, "{\\rtf", false, "an RTF document", "save it as plain text"},
    {0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", false, "an Office document",
     "save it as plain text"},
    {0, 23, "version https://git-lfs", false, "what Git LFS puts in place of a file",
     "get the file itself (git lfs pull)"},
    {0, 8, "\x89PNG\r\n\x1a\n", false, "a picture", "leave it out"},
    {0, 3, "\xff\xd8\xff", false, "a picture", "leave it out"},
    {0, 4, "\x7f" "ELF", false, "a program", "leave it out"},
    {0, 4, "\xff\xfe\0\0", false, "UTF-32 text", "convert it (iconv -f UTF-32 -t UTF-8 FILE)"},
    {0, 4, "\0\0\xfe\xff", false, "UTF-32 text", "convert it (iconv -f UTF-32 -t UTF-8 FILE)"},
    {0, 2, "\xff\xfe", false, "UTF-16 text", "convert it (iconv -f UTF-16 -t UTF-8 FILE)"},
    {0, 2, "\xfe\xff", false, "UTF-16 text", "convert it (iconv -f UTF-16 -t UTF-8 FILE)"},
};

/* The last character may be cut off. */
static bool is_text(const char *head, size_t bytes)
{
    return utf8_valid_bytes(head, bytes) + 3 >= bytes;
}

/* Text in an encoding of two bytes without a mark: one of the two is mostly zero. */
static int zero_side(const char *head, size_t bytes)
{
    size_t zeros[2] = {0, 0}, pairs = (bytes < 512 ? bytes : 512) / 2;

    for (size_t i = 0; i < 2 * pairs; i++)
        zeros[i % 2] += head[i] == '\0';
    if (pairs < 2)
        return -1;
    for (int side = 0; side < 2; side++)
        if (zeros[side] > pairs / 2 && zeros[1 - side] == 0)
            return side;
    return -1;
}

/* The records of TensorFlow: eight bytes of length, four of checksum, and an Example. */
static bool is_tfrecord(const char *head, size_t bytes)
{
    return bytes > 12 && memcmp(head + 4, "\0\0\0", 4) == 0 && head[12] == '\n' &&
           memcmp(head, "\0\0\0", 4) != 0;
}

static bool find_foreign(struct format_verdict *verdict, const char *head, size_t bytes)
{
    static const char *const utf16[] = {"convert it (iconv -f UTF-16BE -t UTF-8 FILE)",
                                        "convert it (iconv -f UTF-16LE -t UTF-8 FILE)"};
    int side;

    for (size_t i = 0; i < LENGTH_OF(foreign); i++)
        if (bytes >= foreign[i].offset + foreign[i].bytes &&
            memcmp(head + foreign[i].offset, foreign[i].magic, foreign[i].bytes) == 0 &&
            !(foreign[i].letters && is_text(head, bytes))) {
            *verdict = (struct format_verdict){FORMAT_FOREIGN, foreign[i].what, foreign[i].remedy};
            return true;
        }
    side = zero_side(head, bytes);
    if (side >= 0)
        *verdict = (struct format_verdict){FORMAT_FOREIGN, "UTF-16 text", utf16[side]};
    else if (is_tfrecord(head, bytes))
        *verdict = (struct format_verdict){
            FORMAT_FOREIGN, "a TFRecord file",
            "write its text as JSON lines (tf.data.TFRecordDataset reads it)"};
    else
        return false;
    return true;
}

/* ==== JSON ==== */

bool format_name_is_json(const char *path)
{
    static const char *const suffixes[] = {".json", ".jsonl", ".ndjson"};
    size_t length = strlen(path);

    if (length > 3 && strcasecmp(path + length - 3, ".gz") == 0)
        length -= 3;
    for (size_t i = 0; i < LENGTH_OF(suffixes); i++) {
        size_t suffix = strlen(suffixes[i]);

        if (length >= suffix && strncasecmp(path + length - suffix, suffixes[i], suffix) == 0)
            return true;
    }
    return false;
}

/* Of the lines that are not blank: how many there are, objects and arrays; the first. */
struct lines {
    size_t all, objects, arrays;
    bool first_is_object;
};

/* A line that may go on beyond the beginning does not count. */
static struct lines count_lines(const char *head, size_t bytes, bool whole)
{
    struct lines lines = {0};
    const char *end = head + bytes;

    for (const char *at = head, *next; at < end; at = next) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);

        next = stop ? stop + 1 : end;
        if ((!stop && !whole) || json_line_is_blank(at, length))
            continue;
        if (json_line_is_object(at, length)) {
            lines.objects++;
            lines.first_is_object = lines.first_is_object || lines.all == 0;
        } else if (json_line_is_array(at, length)) {
            lines.arrays++;
        }
        lines.all++;
    }
    return lines;
}

/* Where the first character is that is not blank. */
static size_t find_start(const char *head, size_t bytes)
{
    size_t i = 0;

    while (i < bytes && (json_line_is_blank(head + i, 1) || head[i] == '\n'))
        i++;
    return i;
}

bool format_needs_line(const char *head, size_t bytes)
{
    size_t start = find_start(head, bytes);

    return start < bytes && head[start] == '{' && !memchr(head + start, '\n', bytes - start) &&
           json_begins_document(head + start, bytes - start, false);
}

static struct format_verdict judge_document(bool array)
{
    if (array)
        return (struct format_verdict){
            FORMAT_FOREIGN, "a JSON array",
            "make lines of its elements (jq -c '.[]' FILE >FILE.jsonl)"};
    return (struct format_verdict){FORMAT_FOREIGN, "JSON over several lines",
                                   "make one line of each object (jq -c . FILE >FILE.jsonl)"};
}

struct format_verdict format_judge(const char *head, size_t bytes, bool whole, const char *path)
{
    struct format_verdict verdict;
    struct lines lines;
    size_t start, first; /* the first of those bytes that must be there, and others after them */

    if (find_foreign(&verdict, head, bytes))
        return verdict;
    start = find_start(head, bytes);
    first = bytes < start + FORMAT_HEAD_BYTES ? bytes : start + FORMAT_HEAD_BYTES;
    lines = count_lines(head, bytes, whole);
    if (lines.first_is_object || 2 * lines.objects > lines.all || format_needs_line(head, first))
        return (struct format_verdict){.format = FORMAT_JSON_LINES};
    if (2 * lines.arrays > lines.all ||
        json_begins_document(head, first, whole && first == bytes))
        return judge_document(head[start] == '[');
    return (struct format_verdict){
        .format = format_name_is_json(path) ? FORMAT_JSON_LINES : FORMAT_TEXT};
}
