/* reader.h - the documents of one file, one after the other, in constant memory.
 *
 * What a file is, its content tells (format.h); each may be gzip.
 *
 * JSON LINES  (C4 is distributed so): a line is an object, and its member "text", or another that
 *     is named, is a document; nothing else of it matters (json_line.h).  A line without one is
 *     skipped and counted.  A line may have 64 MiB.
 * PLAIN TEXT  UTF-8 without NUL.  A file of up to 4 KiB is one document.  A longer one is cut into
 *     documents of 2 to 4 KiB: where a paragraph ends when one ends there, else where a line ends,
 *     else a word, else a character.
 *
 * Line ends at the ends of a document are not part of it; empty documents are left out. */
#ifndef GLU_TEXT_READER_H
#define GLU_TEXT_READER_H

#include "src/text/format.h"
#include "src/text/input.h"
#include "src/util/file_identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document {
    const char *text; /* UTF-8 without NUL inside; not NUL-terminated */
    size_t bytes;
    uint64_t hash; /* of the text: the same text has the same hash everywhere */
};

struct reader;

/* How a file is read; all zero is fine, and everything is borrowed. */
struct reader_options {
    const char *field;  /* of JSON lines; NULL: "text" */
    struct input_sums *sums; /* as in input_open(); complete once reader_next() has returned 0 */
    const struct file_identity *identity;
};

/* Find out what a file is, from its beginning.  0 or -1. */
int reader_look(const char *path, const struct file_identity *identity, enum format *format);

/* `options` NULL: all zero.  0, or -1: it cannot be read, or is neither text nor JSON lines; the
 * message tells what it is and what to do. */
int reader_open(struct reader **reader, const char *path, const struct reader_options *options);
/* "c4" for JSON lines, else "text". */
const char *reader_kind(const struct reader *reader);
/* 1 and the next document, which lasts until the next call; 0 at the end; -1 when the file is
 * broken or is not text, with the file and the place in the message. */
int reader_next(struct reader *reader, struct document *document);
/* Where the document that reader_next() gave last begins, and how many lines there were before. */
struct reader_place {
    uint64_t position; /* in the file, decompressed */
    uint64_t line;     /* lines before it; 0 of plain text, as are the next two */
    uint64_t all, bad; /* as in struct reader_lines */
};
void reader_place(const struct reader *reader, struct reader_place *place);
/* Of a reader that was just opened: that document is the next one.  What is before is decompressed, and
 * not looked at.  0, or -1 and a message: the file does not go so far. */
int reader_go(struct reader *reader, const struct reader_place *place);
void reader_close(struct reader *reader);

/* Lines that are not blank, so far; all 0 for plain text. */
struct reader_lines {
    uint64_t all, bad;  /* bad: skipped */
    uint64_t first_bad; /* its number, from 1; 0: it was before the place that reader_go() went to */
    char first_fault[300];
    uint64_t replaced; /* characters of documents that were none and became U+FFFD */
};
const struct reader_lines *reader_lines(const struct reader *reader);
/* The error that most lines were skipped, with the first of them and what was wrong with it;
 * 0 when that is not so. */
int reader_check_lines(const struct reader *reader);

uint64_t document_hash(const char *text, size_t bytes);

#endif
