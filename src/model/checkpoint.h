/* checkpoint.h - weights in the form that Hugging Face's T5 reads and writes: a directory with
 * model.safetensors (8-byte little-endian length, JSON header, raw little-endian F32) and
 * config.json. */
#ifndef GLU_MODEL_CHECKPOINT_H
#define GLU_MODEL_CHECKPOINT_H

#include "src/model/t5.h"

/* Make the directory and its parents, so that one that cannot be made or written to fails early.
 * 0 or -1. */
int checkpoint_prepare(const char *directory) GLU_MUST_USE;

/* Write both files, each atomically; makes the directory and its parents.  0, or -1 and a message
 * that names the file. */
int checkpoint_save(const char *directory, struct t5 *model) GLU_MUST_USE;

/* Would checkpoint_load() find a tensor for each of such a model's?  Reads the header alone, so that
 * a wrong file fails early.  0, or -1 and a message that names the file and the tensor. */
int checkpoint_check(const char *directory, const struct t5_options *options) GLU_MUST_USE;

/* Read the weights of every tensor of the model and t5_refresh() it.  0, or -1 and a message that
 * names the file and the tensor; the model's weights are then a mixture of old and new.  Weights
 * that were trained as another variant are a warning. */
int checkpoint_load(const char *directory, struct t5 *model) GLU_MUST_USE;

#endif
