/* embedded.h - files of results/ that are part of the program; see results/local.mk. */
#ifndef GLU_RESULTS_EMBEDDED_H
#define GLU_RESULTS_EMBEDDED_H

extern const char embedded_schema[]; /* results/schema.json */
extern const char embedded_paper[];  /* results/paper.json */

#endif
