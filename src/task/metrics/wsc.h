/* wsc.h - which label an output gives to a pair of a pronoun and a referent. */
#ifndef GLU_TASK_METRICS_WSC_H
#define GLU_TASK_METRICS_WSC_H

#include "src/glu.h"

/* *label: 1 when the words of output or referent, determiners apart, contain the other's; else 0,
 * and -1 when the output has none.  0, or -1 and a message. */
int wsc_label(const char *output, const char *referent, int *label) GLU_MUST_USE;

#endif
