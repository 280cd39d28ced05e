/* presets.h - the table of presets. */
#ifndef GLU_SETTING_PRESETS_H
#define GLU_SETTING_PRESETS_H

#include "src/setting/setting.h"

struct preset {
    const char *name, *summary;
    const char *pieces; /* why bytes are no tokens for it; NULL: they are */
    struct recipe recipe;
    const char *optimizer, *schedule, *architecture; /* by name */
    bool is_default; /* of its architecture */
};
int preset_count(void);
const struct preset *preset_at(int i);
/* The i-th name, or NULL past the last. */
const char *preset_name(int i);
/* The preset of that name, or NULL. */
const struct preset *preset_find(const char *name);

/* The name of the one that stands for an architecture when nobody chooses; of any other text the
 * first's. */
const char *preset_default(const char *architecture);

/* Set the recipe of a setting.  0, or -1 and a message in which `where` names the name. */
int preset_apply(struct setting *setting, const char *name, const char *where) GLU_MUST_USE;
/* A preset for readers of JSON.  New reference, or NULL and a message. */
json_t *preset_json(int i);

#endif
