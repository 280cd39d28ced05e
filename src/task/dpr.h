/* dpr.h - Definite Pronoun Resolution (Rahman and Ng 2012): trained on beside WSC, and scored by nobody. */
#ifndef GLU_TASK_DPR_H
#define GLU_TASK_DPR_H

#include "src/task/text_task.h"

extern const struct text_task dpr_task;

#endif
