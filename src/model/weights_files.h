/* weights_files.h - the files of a directory of weights: model.safetensors, or, where that is not, several
 * that model.safetensors.index.json names, each a plain name in the same directory. */
#ifndef GLU_MODEL_WEIGHTS_FILES_H
#define GLU_MODEL_WEIGHTS_FILES_H

#include "src/model/safetensors.h"
#include "src/util/sha256.h"

#define WEIGHTS_FILE "model.safetensors"
#define WEIGHTS_INDEX WEIGHTS_FILE ".index.json"

/* Open files. */
struct weights_files {
    char path[PATH_MAX];       /* for messages: model.safetensors, or the index */
    struct safetensors *files; /* (count); owned */
    int count;
    json_t *map; /* of the index: the file of each tensor; NULL: there is one file */
};

/* Open all files and see that they have what the index says: every tensor is in the file that it names,
 * and in no other, and there is none that it does not name.  0, or -1 and a message.
 * weights_files_close() in either case. */
int weights_files_open(struct weights_files *files, const char *directory) GLU_MUST_USE;
void weights_files_close(struct weights_files *files);

/* The file that has a tensor, or NULL. */
const struct safetensors *weights_files_find(const struct weights_files *files, const char *name);
/* The name of a tensor that the metadata gives for another that has the same memory, or NULL. */
const char *weights_files_alias(const struct weights_files *files, const char *name);

/* What is read there, in the words of a message. */
const char *weights_files_name(const char *directory);

/* What tells whether they are the same weights: the SHA-256 of model.safetensors, or of what
 * `sha256sum INDEX FILE...` prints in the directory, the files by name.  0 or -1. */
int weights_files_sha256(const char *directory, char hex[SHA256_HEX_BYTES]) GLU_MUST_USE;

/* Call `each` with the path of every file that would be read, until it returns something else than 0,
 * which is returned.  What is not there, or is no index, is another one's to find: 0. */
int weights_files_each(const char *directory, int (*each)(void *context, const char *path),
                       void *context) GLU_MUST_USE;

#endif
