/* training.h - the options of optimizer and schedule: whose defaults they take, and which of them an
 * optimizer has. */
#ifndef GLU_SETTING_TRAINING_H
#define GLU_SETTING_TRAINING_H

#include "src/setting/setting.h"

/* A preset's optimizer and schedule, which are rows of their tables, and what that optimizer is told
 * when nobody says. */
int training_preset(struct setting *setting, const char *optimizer, const char *schedule) GLU_MUST_USE;

/* The optimizer that was chosen before the command line is looked at, and whether by a file. */
struct training_before {
    const struct optimizer_type *type;
    bool by_file;
};
struct training_before training_before(const struct setting *setting);

/* When all is read: where the optimizer comes from a later source than a value of another one's, its own
 * takes the place of that value, with a note about the learning rate.  0, or -1 and a message about an
 * option that the optimizer does not take. */
int training_resolve(struct setting *setting, const struct training_before *before) GLU_MUST_USE;

#endif
