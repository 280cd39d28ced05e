/* files.h - the files of a corpus: what the paths on the command line stand for. */
#ifndef GLU_TEXT_FILES_H
#define GLU_TEXT_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct file {
    char *path;
    dev_t device; /* with the inode, the file's identity: another path may lead to it too */
    ino_t inode;
    uint64_t bytes;
};

struct file_list {
    struct file *files;
    int count, capacity;
};

/* Make the list of the regular files that the paths name, in the order given.  A directory stands
 * for all files below it, in the order of their names' bytes; there, names that start with a dot
 * are left out, and symbolic links too, which could lead outside (a warning tells).  A file that
 * is met twice counts once (a warning tells).  Files of ours in a directory are left out, see
 * util/own.h.  `field` is what an error message calls the paths:
 * FIELD("corpus").  0, or -1: a path is missing, not readable, neither file nor directory, or there
 * is no file in a directory. */
int files_find(struct file_list *list, const char *const *paths, int count, const char *field);
/* Frees what the list owns; a zeroed list is fine. */
void files_free(struct file_list *list);

bool file_same(const struct file *a, const struct file *b);

#endif
