/* spaces.h - white space as SentencePiece sees it, for tokenizers that would keep it. */
#ifndef GLU_TEXT_SPACES_H
#define GLU_TEXT_SPACES_H

#include <stddef.h>

/* Copy a text with one space for every run of them and none at its ends.  `room` has `bytes` bytes, or is the
 * text itself; no NUL is written.  Returns the bytes of the copy. */
size_t spaces_fold(const char *text, size_t bytes, char *room);

#endif
