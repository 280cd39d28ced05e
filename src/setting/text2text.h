/* text2text.h - what a setting with a task of pairs of texts takes from the task, and what it has none of. */
#ifndef GLU_SETTING_TEXT2TEXT_H
#define GLU_SETTING_TEXT2TEXT_H

#include "src/setting/setting.h"

/* When all is read and the tokenizer known: the lengths of the task, and as many examples of that length as a
 * step of the preset has tokens, unless they are given.  Nothing is to be done without a task.  0, or -1 and a
 * message: an option that goes with the other kinds alone, or with this kind, or the task is not known. */
int text2text_resolve(struct setting *setting) GLU_MUST_USE;

#endif
