/* grid.h - from what a study varies to its cells.
 *
 * A cell is a run to be done.  Its key is the hash of all that decides what the run gives, so two
 * cells with one key give the same bits, in whichever study, on whatever machine of a kind, and
 * whatever else was asked for beside them. */
#ifndef GLU_STUDY_GRID_H
#define GLU_STUDY_GRID_H

#include "src/setting/setting.h"
#include "src/util/sha256.h"

#include <jansson.h>

enum { CELL_KEY_BYTES = SHA256_HEX_BYTES };

struct cell {
    char key[CELL_KEY_BYTES];
    const struct setting *setting; /* borrowed */
    json_t *config; /* of the setting, what decides a result: a new reference in every cell */
    char init_sha256[SHA256_HEX_BYTES]; /* of the weights that it starts from, in config too; "": none */
    const struct variant *variant;
    uint64_t seed;
};

struct grid {
    struct cell *cells; /* (count), in the order in which they are to be done */
    int count;
};

/* Add the cells of a setting, whose `config` object this is: seed by seed, each through all
 * variants, so that a drift of the machine hits all alike.  0 or -1. */
int grid_add(struct grid *grid, const struct setting *setting, const json_t *config) GLU_MUST_USE;
/* The cell starts from the weights in a directory.  A path says nothing of what is there, so their checksum
 * becomes part of config and key.  0, or -1 and a message that names the file. */
int cell_add_weights(struct cell *cell, const char *directory) GLU_MUST_USE;
/* One that is zeroed is fine. */
void grid_free(struct grid *grid);

/* Of a `config` object, what decides a result to its last bit: new reference, or NULL and a
 * message. */
json_t *cell_config(const json_t *config) GLU_MUST_USE;
/* The key of a variant and seed in such a configuration.  0 or -1. */
int cell_key(char key[CELL_KEY_BYTES], json_t *config, const char *variant, uint64_t seed)
    GLU_MUST_USE;

#endif
