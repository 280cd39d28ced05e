/* reader.h - the documents of one file, one after the other, in constant memory.
 *
 * JSON LINES  (*.json, *.jsonl, *.ndjson, also with .gz behind it; C4 is distributed so): a line
 *     is an object whose "text" is a document.  A line that is not is skipped and counted, and
 *     so is one of more than 65,536 values, whatever they are.  A line may have 64 MiB.
 * PLAIN TEXT  (every other name, also gzip): UTF-8 without NUL.  A file of up to 4 KiB is one
 *     document.  A longer one is cut into documents of 2 to 4 KiB: where a paragraph ends when one
 *     ends there, else where a line ends, else a word, else a character.
 *
 * Line ends at the ends of a document are not part of it; empty documents are left out. */
#ifndef GLU_TEXT_READER_H
#define GLU_TEXT_READER_H

#include "src/util/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document {
    const char *text; /* UTF-8 without NUL inside; not NUL-terminated */
    size_t bytes;
    uint64_t hash; /* of the text: the same text has the same hash everywhere */
};

struct reader;

/* The kind of a file by its name: "c4" for JSON lines, else "text". */
const char *reader_kind(const char *path);

/* `sha` as in input_open(); it is complete once reader_next() has returned 0. */
int reader_open(struct reader **reader, const char *path, struct sha256 *sha);
/* 1 and the next document, which lasts until the next call; 0 at the end; -1 when the file is
 * broken or is not text, with the file and the place in the message. */
int reader_next(struct reader *reader, struct document *document);
void reader_close(struct reader *reader);

/* Lines so far, and how many of them were skipped; both 0 for plain text. */
void reader_lines(const struct reader *reader, uint64_t *lines, uint64_t *bad_lines);
/* The error that most lines were skipped, with the first of them and what was wrong with it;
 * 0 when that is not so. */
int reader_check_lines(const struct reader *reader);

uint64_t document_hash(const char *text, size_t bytes);

#endif
