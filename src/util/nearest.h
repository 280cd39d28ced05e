/* nearest.h - "did you mean": the known name that is closest to a mistyped one. */
#ifndef GLU_UTIL_NEAREST_H
#define GLU_UTIL_NEAREST_H

/* Of names[0 .. count - 1] the one with the fewest edits (insert, delete, replace, swap
 * neighbours; case counts as equal) from `name`; the first of them on a tie.  NULL when none is
 * near: more edits than a third of the longer length, or than 1 below 6 characters; then the only
 * one that begins with it, if it has 4 characters or more.  NULL entries are skipped. */
const char *nearest_name(const char *name, const char *const *names, int count);

/* Set the error "WHERE: there is no WHAT 'NAME' (did you mean NEAR?); there is: A, B, C".
 * Returns -1. */
int nearest_error(const char *where, const char *what, const char *name, const char *const *names,
                  int count);

#endif
