/* weights.h - weights in the form that Hugging Face's T5 reads and writes: a directory with
 * model.safetensors and config.json.  What is written is F32 in one file; what is read may be F16 or BF16,
 * and in several files (weights_files.h). */
#ifndef GLU_MODEL_WEIGHTS_H
#define GLU_MODEL_WEIGHTS_H

#include "src/model/model.h"
#include "src/util/sha256.h"

/* Make the directory and its parents, so that one that cannot be made or written to fails early.
 * 0 or -1. */
int weights_prepare(const char *directory) GLU_MUST_USE;

/* Write both files, each atomically; makes the directory and its parents.  0, or -1 and a message
 * that names the file. */
int weights_save(const char *directory, struct model *model) GLU_MUST_USE;

/* Would weights_load() find a tensor for each of such a model's?  Reads headers, copies of tensors
 * and config.json, so that a wrong file fails early.  0, or WEIGHTS_MISFIT when they are of another model,
 * or -1 when they cannot be read, and a message that names the file and the tensor. */
enum { WEIGHTS_MISFIT = -2 };
int weights_check(const char *directory, const struct model_options *options) GLU_MUST_USE;

/* What tells whether they are the same weights: see weights_files_sha256().  0, or -1 and a message that
 * names the file. */
int weights_sha256(const char *directory, char hex[SHA256_HEX_BYTES]) GLU_MUST_USE;

/* Read the weights of every tensor of the model and model_refresh() it.  0, or -1 and a message that
 * names the file and the tensor; the model's weights are then a mixture of old and new.
 *
 * A tensor may be there under the name that the metadata gives for it, or of a copy that the architecture
 * knows (the embedding, say); copies that differ, and tensors that the model has no place for, are
 * refused.  What config.json says and is not so here is a warning, refused where one is gated and
 * the other is not, or the output layer is not tied.  A value that is not finite is refused. */
int weights_load(const char *directory, struct model *model) GLU_MUST_USE;

#endif
