/* printable.h - text of a file as a terminal shows it, and does not obey it. */
#ifndef GLU_UTIL_PRINTABLE_H
#define GLU_UTIL_PRINTABLE_H

/* Replace control characters by '?', in place: ASCII's, line feeds and tabs among them, and those
 * of Unicode's U+0080 to U+009F, of which some terminals take U+009B for ESC [; and every byte that
 * is not UTF-8. */
void printable(char *text);

#endif
