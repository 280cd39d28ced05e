/* glu.h - what every source file of glubench includes first.
 *
 * CONVENTIONS, on one page:
 *
 * NAMES   The field's: d_model, d_ff, d_kv, heads, src/dst/diff_src/diff_wei, held-out,
 *         log-perplexity.  A public function is <file>_<verb>: arena_alloc, model_train_step.
 *         A number's name ends in its unit: _s, _bytes, _nats, _tokens_per_s.
 * SHAPES  stand on the declaration, slowest dimension first:  float *src;  // (tokens, d_model)
 *         tokens = examples * length.  Matrices are row-major.  A weight is (in, out) in memory
 *         unless it says otherwise; weights files have (out, in) as in Hugging Face's T5.
 * ERRORS  Library code never exits and never prints.  It returns 0, or -1 with a message set by
 *         err_set() that names the file, line or field and the remedy.  Constructors return 0/-1
 *         and give the object through their first argument; destroyers accept NULL.  A function
 *         has one cleanup label.  `assert` is for invariants, never for input.
 * LAYERS  See HACKING.md: cli -> study -> train, bench -> setting -> task, results; task -> model,
 *         text; model -> nn -> comm, variants; all -> util.  No include points back up, and
 *         test/house.py checks it.  Only src/nn/dnn*.c include dnnl.h.
 * TABLES  beat switches: options, presets, variants, activations, commands, formats are tables.
 * STEPS   Inside a training step there is no allocation and no primitive creation.
 */
#ifndef GLU_H
#define GLU_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/util/error.h"

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))

#if defined __GNUC__
#define GLU_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define GLU_MUST_USE __attribute__((warn_unused_result))
#define GLU_UNUSED __attribute__((unused))
#else
#define GLU_PRINTF(f, a)
#define GLU_MUST_USE
#define GLU_UNUSED
#endif

#endif
