/* schema.h - a validator for the part of JSON Schema that results/schema.json uses.
 *
 * type (a name or a list of names), properties, required, additionalProperties (false or a
 * schema), items, minItems, maxItems, enum, minimum, maximum, and $ref to #/$defs/NAME.  Words
 * that only describe (title, description, $schema, $id, $defs) are skipped; any other is an error
 * in the schema, because what is not checked must not look checked. */
#ifndef GLU_RESULTS_SCHEMA_H
#define GLU_RESULTS_SCHEMA_H

#include "src/glu.h"

#include <jansson.h>

/* Called for each fault: where, as "runs[3].seed" ("(top)" for the document), and what. */
typedef void schema_fault_fn(void *context, const char *at, const char *what);

/* Check a value.  0 when the check was made, whether or not there are faults; -1 and a message when
 * the schema itself is wrong or nested too deeply. */
int schema_check(const json_t *schema, const json_t *value, schema_fault_fn *fault, void *context);

/* Against results/schema.json, which is part of the program. */
int schema_check_results(const json_t *document, schema_fault_fn *fault, void *context);
/* One of its runs alone. */
int schema_check_run(const json_t *run, schema_fault_fn *fault, void *context);

#endif
