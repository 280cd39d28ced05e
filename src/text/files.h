/* files.h - the files of a corpus: what the paths on the command line stand for. */
#ifndef GLU_TEXT_FILES_H
#define GLU_TEXT_FILES_H

#include "src/text/reader.h"
#include "src/util/file_identity.h"

struct file {
    char *path;
    const char *name; /* in path: behind the directory that was named, or the last part */
    struct file_identity identity;
    char sha256[SHA256_HEX_BYTES]; /* of its bytes, once it was read with sums; "" before */
    int directory; /* which of the paths it was found in; -1: it is one of them itself */
};

struct file_list {
    struct file *files;
    int count, capacity;
};

/* Make the list of the regular files that the paths name, in the order given; each counts once, by
 * whatever names it is met.  A directory stands for all files below it, in the order of their names'
 * bytes, but for
 *   - names that start with a dot;
 *   - files of ours, see util/own.h;
 *   - links to directories; links to files are followed, wherever these are;
 *   - in the folder of a data set as the Hugging Face hub keeps it (with blobs/ and snapshots/),
 *     everything but its one snapshot;
 *   - what is no JSON lines, when there are some: a note or a licence beside the data is no text of
 *     them.
 * Warnings tell of files that are named twice, of links to directories elsewhere, and of files beside
 * JSON lines.  `field` is what an error message calls the paths: FIELD("corpus").  0, or -1: a path
 * is missing, not readable, neither file nor directory, or there is no file in a directory; a link
 * leads nowhere. */
int files_find(struct file_list *list, const char *const *paths, int count, const char *field);
/* Frees what the list owns; a zeroed list is fine. */
void files_free(struct file_list *list);

/* reader_open() of a file as the list has it: not when it has changed since.  `sums` may be NULL. */
int files_open(struct reader **reader, const struct file *file, const char *field,
               struct input_sums *sums);

/* Are the files still what they were when the list was made?  0, or -1 and a message that names one
 * that is not. */
int files_check(const struct file_list *list);
/* The same of those that are still there. */
int files_check_left(const struct file_list *list);

#endif
