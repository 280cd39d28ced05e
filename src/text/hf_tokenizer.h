/* hf_tokenizer.h - a tokenizer's files beside weights, as Hugging Face's AutoTokenizer reads them. */
#ifndef GLU_TEXT_HF_TOKENIZER_H
#define GLU_TEXT_HF_TOKENIZER_H

#include "src/glu.h"

#include <jansson.h>

#define HF_TOKENIZER_FILE "tokenizer_config.json"

/* ["<extra_id_0>", "<extra_id_1>", ...], or the other way round.  New reference, or NULL without memory. */
json_t *hf_tokenizer_sentinels(int count, bool backwards);

/* Write DIRECTORY/tokenizer_config.json, stealing its content, which is NULL when there was no memory for it.
 * 0, or -1 and a message that names the file. */
int hf_tokenizer_write(const char *directory, json_t *content) GLU_MUST_USE;

/* Write a file atomically.  One that has the content already, which may be the very file that was read, is
 * left alone.  0, or -1 and a message that names it. */
int hf_tokenizer_write_file(const char *directory, const char *name, const char *text, size_t bytes) GLU_MUST_USE;

#endif
