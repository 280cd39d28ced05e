/* inputs.h - the files that a setting's results come from, as they are recorded. */
#ifndef GLU_STUDY_INPUTS_H
#define GLU_STUDY_INPUTS_H

#include "src/study/options.h"
#include "src/text/dataset.h"

#include <jansson.h>

/* Each file that was read, as results/schema.json has it: the corpus, held-out text, the tokenizer's model,
 * the configuration and the study's file.  The weights that a run begins from are told in its row.  New reference, or
 * NULL and a message (memory). */
json_t *inputs_json(const struct study_options *options, const struct setting *setting,
                    const struct dataset *dataset) GLU_MUST_USE;

#endif
