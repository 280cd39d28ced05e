/* training.h - the options of optimizer and schedule: whose defaults they take, and which of them an
 * optimizer has. */
#ifndef GLU_SETTING_TRAINING_H
#define GLU_SETTING_TRAINING_H

#include "src/setting/presets.h"

/* The preset's optimizer and schedule, and what that optimizer is told when nobody says. */
int training_preset(struct setting *setting, const struct preset *preset) GLU_MUST_USE;

/* When all is read: where the optimizer comes from a later source than a value of another one's, its own
 * takes the place of that value, with a note about the learning rate.  `before`: the optimizer that was
 * chosen before the command line, a row of the table.  0, or -1 and a message about an option that the
 * optimizer does not take. */
int training_resolve(struct setting *setting, const struct optimizer_type *before) GLU_MUST_USE;

#endif
