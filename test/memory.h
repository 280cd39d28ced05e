/* memory.h - memory that runs out at the n-th call.
 *
 * A program linked with test/memory.c has its allocator replaced: all of the C library's and
 * jansson's calls too.  Under sanitizers, which have replaced it themselves, only its own calls and
 * jansson's fail, by $(MEMORY_WRAP), and that nothing leaks is theirs to tell at the end. */
#ifndef GLU_TEST_MEMORY_H
#define GLU_TEST_MEMORY_H

#include "src/glu.h"

/* Skip all checks (and return true) where the allocator cannot be replaced. */
bool memory_skip(void);

/* One check: each of the first and of the last 200 calls of function() fails once, and every 197th
 * in between, as those thousands are alike.  Each time the function fails with a message that speaks of
 * memory, or it can do without; nothing leaks; and in the end, with memory, it succeeds.  It returns 0
 * or -1, and is called once before, for what is allocated once only. */
void memory_try(const char *name, int (*function)(void));

#endif
