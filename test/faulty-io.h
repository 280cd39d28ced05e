/* faulty-io.h - system calls on files that fail when a test wants it.
 *
 * A program linked with $(FAULTY_IO) (test/local.mk) has the calls of its own code, and the writing
 * of its own streams, go through here; the C library's remaining ones do not.  Only files below one
 * directory are watched. */
#ifndef GLU_TEST_FAULTY_IO_H
#define GLU_TEST_FAULTY_IO_H

#include "src/glu.h"

enum faulty_kind {
    FAULTY_EIO,  /* call n fails with EIO, and no other */
    FAULTY_FULL, /* from call n on the disk is full: all that takes room fails with ENOSPC */
    FAULTY_PART, /* call n, of those that read or write, does a half, and the next is interrupted */
    FAULTY_EVENT /* at call n something happens: `event` is called before it */
};

/* Watch the files below `directory` from now on.  Calls count from 1; n 0: nothing happens. */
void faulty_io_start(const char *directory, enum faulty_kind kind, int n, void (*event)(void));
/* Watch no more; how many calls there were of those that the kind is about. */
int faulty_io_stop(void);
/* Descriptors of watched files that are open. */
int faulty_io_open_files(void);

#endif
