/* spm.h - libsentencepiece for C: what spm.cc, the one file in C++, makes of it.
 *
 * No exception leaves it.  A model never changes, so any number of threads may use one. */
#ifndef GLU_TEXT_SPM_H
#define GLU_TEXT_SPM_H

#ifdef __cplusplus
#include <cstddef>
#include <cstdint>
extern "C" {
#else
#include <stddef.h>
#include <stdint.h>
#endif

enum { SPM_ERROR_BYTES = 200 };

struct spm_model;

/* From the bytes of a model file.  NULL and why in `error`. */
struct spm_model *spm_open(const char *file, size_t bytes, char error[SPM_ERROR_BYTES]);
/* NULL is fine. */
void spm_close(struct spm_model *model);

/* How many pieces it has, and the ids of those that are no text; -1: it has none. */
struct spm_sizes {
    int pieces, pad, eos, unk;
};
void spm_look(const struct spm_model *model, struct spm_sizes *sizes);
/* What a piece is called, for the model's life; 0 <= id < pieces. */
const char *spm_name(const struct spm_model *model, int id);

/* Write the first `capacity` ids of a text, and return how many the whole has; SIZE_MAX and why in
 * `error`. */
size_t spm_encode(const struct spm_model *model, const char *text, size_t bytes, int32_t *ids,
                  size_t capacity, char error[SPM_ERROR_BYTES]);
/* The same of the text of ids, each that of a piece. */
size_t spm_decode(const struct spm_model *model, const int32_t *ids, size_t count, char *text,
                  size_t capacity, char error[SPM_ERROR_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
