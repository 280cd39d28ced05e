/* share.c - see share.h. */
#include "src/glu.h"

#include "src/study/share.h"

void share_of(int64_t count, int64_t cell, int64_t cells, int64_t *begin, int64_t *end)
{
    int64_t each = count / cells, more = count % cells, before = cell - 1;

    *begin = before * each + (before < more ? before : more);
    *end = *begin + each + (before < more);
}
