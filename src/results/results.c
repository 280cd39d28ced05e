/* results.c - what was measured, with all that is computed from it. */
#include "src/glu.h"

#include "src/results/results.h"

json_t *results_json(const struct results *results)
{
    json_t *document = results_document(results);

    if (document && tables_compute(document) != 0) {
        json_decref(document);
        return NULL;
    }
    return document;
}
