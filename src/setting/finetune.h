/* finetune.h - the setting that weights are fine-tuned in: what they tell, and the paper's numbers (Shazeer 2020,
 * section 3.3). */
#ifndef GLU_SETTING_FINETUNE_H
#define GLU_SETTING_FINETUNE_H

#include "src/setting/setting.h"

/* Take architecture, sizes and tokenizer, variants and seeds from a directory with weights, which has those of
 * one run or DIR/VARIANT-sSEED of many, and the learning rate, schedule, optimizer and dropout of fine-tuning;
 * all as if the preset said it.  0, or -1 and a message: there are no weights, or not every variant has every
 * seed. */
int finetune_apply(struct setting *setting, const char *directory) GLU_MUST_USE;

/* When all is read: what the runs begin from.  0 or -1. */
int finetune_resolve(struct setting *setting) GLU_MUST_USE;

#endif
