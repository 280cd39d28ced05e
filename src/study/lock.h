/* lock.h - lock files.  The locks are the kernel's and end with the program that has them, so a file that is
 * there means nothing by itself. */
#ifndef GLU_STUDY_LOCK_H
#define GLU_STUDY_LOCK_H

#include "src/glu.h"

/* Open a lock file, made as needed, and lock it, in *fd: 0; 1: another program has it, and *fd is open; 2: it
 * was removed in between, and is not the lock any more; -1 and a message.  `wait`: what another program has is
 * waited for.  Closing gives it up. */
int lock_open(const char *path, bool wait, int *fd) GLU_MUST_USE;

/* Is the file of that name in an open directory locked by a program? */
bool lock_is_held(int directory, const char *name);

/* Who holds a lock, for messages: the number in the open file, or 0. */
long lock_owner(int fd);
int lock_write_owner(int fd, const char *path) GLU_MUST_USE;

#endif
