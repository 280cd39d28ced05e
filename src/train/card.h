/* card.h - README.md beside weights, which tells people what they are: what Hugging Face's hub calls a model
 * card, YAML between two lines of dashes and Markdown behind it. */
#ifndef GLU_TRAIN_CARD_H
#define GLU_TRAIN_CARD_H

#include "src/model/model.h"
#include "src/results/results.h"
#include "src/setting/setting.h"
#include "src/task/task.h"

/* The card's name, and whether it is written into a directory: one that somebody else wrote is kept, but
 * for --force. */
#define CARD_FILE "README.md"
bool card_is_due(const char *directory, bool force);

/* Write the card of a model that was trained, with what its result says and no other figures, atomically.
 * Warns when it is kept.  0, or -1 and a message that names the file. */
int card_write(const char *directory, const struct setting *setting, const struct task *task,
               const struct model *model, const struct run_result *result) GLU_MUST_USE;

#endif
