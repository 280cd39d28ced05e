/* tokenise.h - sentences as BLEU counts their words: sacreBLEU's tokenisations. */
#ifndef GLU_TASK_METRICS_TOKENISE_H
#define GLU_TASK_METRICS_TOKENISE_H

#include "src/util/unicode.h"

struct tokenisation;
/* That of mteval-v13a for western languages, and that of mteval-v14 for all. */
extern const struct tokenisation tokenise_13a, tokenise_intl;

/* As a signature calls it: "13a". */
const char *tokenise_name(const struct tokenisation *tokenisation);
/* Put spaces around what counts as a word, in place; white space at the end is dropped first.  0,
 * or -1 and a message. */
int tokenise(const struct tokenisation *tokenisation, struct unicode *text) GLU_MUST_USE;

#endif
