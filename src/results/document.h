/* document.h - what the files of this folder ask about a whole results document. */
#ifndef GLU_RESULTS_DOCUMENT_H
#define GLU_RESULTS_DOCUMENT_H

#include "src/glu.h"
#include "src/util/affects.h"

#include <jansson.h>

/* Parse a results file and look at its version only.  New reference, or NULL and a message. */
json_t *results_parse(const char *path);

/* The name of the variant that differences are against; NULL when the document has none. */
const char *document_baseline(const json_t *document);

/* The fields of two documents' configurations that differ and decide what a run gives, as
 * json_differences() lists them: those that affect at least `least`, AFFECTS_RESULT or, where the
 * last bits count, AFFECTS_BITS. */
int document_differences(const json_t *a, const json_t *b, affects_fn *affects, enum affects least,
                         char *text, size_t bytes);

/* Does the document hold more runs than every one can be compared with?  Then -1 and a message.
 * Asked of every file that is read, as the work and the memory grow with their product. */
int document_check_size(const json_t *document);

#endif
