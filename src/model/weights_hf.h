/* weights_hf.h - config.json beside the weights: what other programs take them for. */
#ifndef GLU_MODEL_WEIGHTS_HF_H
#define GLU_MODEL_WEIGHTS_HF_H

#include "src/model/model.h"

/* Write DIRECTORY/config.json atomically: the architecture's own fields, as Hugging Face's class of it
 * reads them, and the variant under names that are ours.  0, or -1 and a message that names the file. */
int weights_hf_write(const char *directory, const struct model *model) GLU_MUST_USE;

/* Weights fit every variant of the same shape: warn when DIRECTORY/config.json says that they were
 * trained as another one.  A file that is not there or not ours says nothing. */
void weights_hf_warn(const char *directory, const struct variant *variant);

#endif
