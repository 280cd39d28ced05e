/* document.h - what the files of this folder ask about a whole results document. */
#ifndef GLU_RESULTS_DOCUMENT_H
#define GLU_RESULTS_DOCUMENT_H

#include "src/glu.h"

#include <jansson.h>

/* Parse a results file and look at its version only.  New reference, or NULL and a message. */
json_t *results_parse(const char *path);

/* The name of the variant that differences are against; NULL when the document has none. */
const char *document_baseline(const json_t *document);

/* The fields of two documents' configurations that differ and decide what a run gives, as
 * json_differences() lists them.  Which variants, seeds and how many jobs were asked for, and how
 * the corpus' files are called, do not: their checksum is compared.  The threads of a run decide
 * its last bits; `threads` says whether they count here. */
int document_differences(const json_t *a, const json_t *b, bool threads, char *text, size_t bytes);

#endif
