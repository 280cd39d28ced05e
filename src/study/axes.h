/* axes.h - what a study varies: axes, whose values each set one or several options, and the settings
 * that are combinations of them. */
#ifndef GLU_STUDY_AXES_H
#define GLU_STUDY_AXES_H

#include "src/setting/option.h"
#include "src/util/io.h"

#include <jansson.h>

enum { AXES_MAX = 16, AXIS_NAME_BYTES = 64, SETTING_NAME_BYTES = 200, SETTINGS_MAX = 10000 };

/* One value of an axis: the options that it sets, as on a command line. */
struct axis_value {
    char name[AXIS_NAME_BYTES]; /* of letters, digits and + - . alone, as it stands in file names */
    struct setting_argument *arguments; /* (count); their texts are owned too */
    int count;
};

struct axis {
    char name[AXIS_NAME_BYTES];
    bool draw; /* a new setting could have another of these, as of corpora and models; not so of
                * rates, steps and sizes */
    struct axis_value *value; /* (count) */
    int count;
};

struct axes {
    struct axis axis[AXES_MAX];
    int count;
    int *point;      /* (points, count): of each setting, which value of each axis */
    int points;      /* settings; without axes one, which is the options alone */
    struct io_facts file_facts; /* of the study file that was read; zero: none */
};

/* Read the axes of --vary, OPTION=V1,V2,... each, and of a study file (NULL: none), and make the
 * settings: the combinations of all values, the last axis fastest, or those that the file lists.
 * 0, or -1 and a message that names the axis and the value.  To be freed in either case. */
int axes_open(struct axes *axes, const struct text_list *vary, const char *file) GLU_MUST_USE;
void axes_free(struct axes *axes);

/* The name of a setting: its values joined by "_"; "main" without axes. */
void axes_name(const struct axes *axes, int point, char name[SETTING_NAME_BYTES]);
/* "corpus c4-en, steps 100", for messages; "" without axes. */
void axes_describe(const struct axes *axes, int point, char *text, size_t bytes);
/* The arguments of a setting: those that are given, then those of its values, which win.  New array
 * of *count, freed by free(), whose texts are borrowed; NULL and a message. */
struct setting_argument *axes_arguments(const struct axes *axes, int point,
                                        const struct setting_argument *given, int given_count,
                                        int *count) GLU_MUST_USE;

/* [{"name":, "draw":, "values": [...]}, ...], as study.json has them.  New reference, or NULL and a
 * message. */
json_t *axes_json(const struct axes *axes) GLU_MUST_USE;
/* {axis: value, ...} of a setting. */
json_t *axes_point_json(const struct axes *axes, int point) GLU_MUST_USE;

#endif
