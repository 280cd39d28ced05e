/* axes_build.h - how axes come about, for the files that read them.  `where` begins messages. */
#ifndef GLU_STUDY_AXES_BUILD_H
#define GLU_STUDY_AXES_BUILD_H

#include "src/study/axes.h"

/* Add an axis, or a value to one, whose name is made from `text` (of a path its last part): NULL and a
 * message when it is there already. */
struct axis *axes_add(struct axes *axes, const char *name, const char *where);
struct axis_value *axis_add_value(struct axis *axis, const char *text, bool path, const char *where);
/* Let a value set an option; text is copied, NULL for a flag. */
int axis_add_argument(struct axis_value *value, int option, const char *text);
/* Add a value that sets one option to what its name says, checked. */
int axis_vary_value(struct axis *axis, int option, const char *text, const char *where);

/* The row of an option that an axis may set, or -1 and a message. */
int axis_find_option(const char *name, const char *where);
bool axis_is_number(int option);
bool axis_is_path(int option); /* may be given several times */

/* Do the options take these values?  What depends on others shows when the setting is resolved. */
int axis_check_value(const struct axis *axis, const struct axis_value *value, const char *where);
/* Are the values of a number all different?  .5 and 0.50 are not. */
int axis_check_numbers(const struct axis *axis, int option, const char *where);

/* A JSON value as the command line has it, in `text` or the value's own; NULL: it is none for an
 * option. */
const char *axis_scalar_text(const json_t *json, char text[64]);

/* Add the axes of a study file; *root is all of it (new reference). */
int axes_read_file(struct axes *axes, const char *path, json_t **root);

#endif
