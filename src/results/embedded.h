/* embedded.h - files of results/ that are part of the program; see results/local.mk. */
#ifndef GLU_RESULTS_EMBEDDED_H
#define GLU_RESULTS_EMBEDDED_H

extern const char embedded_schema[]; /* results/schema.json */

struct embedded_paper {
    const char *key, *text;
};
extern const struct embedded_paper embedded_papers[]; /* results/published/KEY.json; the last has no key */

#endif
