/* store.h - a study as a directory: what it is, the cells that are done, and what is under way.
 *
 *     study.json                      axes, settings and cells, and the program that began it
 *     cells/KEY.json                  a cell that is done: what its key is made of, and its run as
 *                                     it stands in a results file
 *     run/VARIANT-sSEED.KEY.STEP.state   a training that was stopped after STEP (KEY: its beginning)
 *     run/VARIANT-sSEED.KEY.lock      locked by the program that is training the cell
 *     run/lock                        locked by the program that writes the results file beside it, or
 *                                     those of the directory
 *     run/study.lock                  locked by the program that looks at study.json, to write it
 *
 * Every file is replaced atomically, and the JSON and the states tell whether they are whole.  All
 * locks are the kernel's and die with their program, so a file of one that is there means nothing.
 * Several programs may have a store open. */
#ifndef GLU_STUDY_STORE_H
#define GLU_STUDY_STORE_H

#include "src/results/results.h"
#include "src/study/grid.h"
#include "src/train/state.h"

#include "src/glu.h"

#include <jansson.h>

struct store;

/* ---- The directory --------------------------------------------------------------------------- */

/* Open a study's directory, made as needed.  0 or -1. */
int store_open(struct store **store, const char *path) GLU_MUST_USE;

/* The same, with a lock that keeps other programs from the results files in it. */
int store_open_locked(struct store **store, const char *path) GLU_MUST_USE;

/* The same of a directory that is there, to write results files of what is in it. */
int store_open_gathering(struct store **store, const char *path) GLU_MUST_USE;
/* The same to read it alone, without a lock; nothing is made.  store_lock_study(), store_put(),
 * store_claim() and the like are not for this one. */
int store_open_reading(struct store **store, const char *path) GLU_MUST_USE;

/* Open the one beside a results file, FILE.run, and take the lock that keeps other programs from
 * that file.  0, or -1 and a message (another program holds it; it cannot be made).  An output that
 * is not a regular file has none: *store is NULL then. */
int store_open_beside(struct store **store, const char *output) GLU_MUST_USE;

/* The one beside a results file without its lock, for a process that works with the one that has it. */
int store_open_helping(struct store **store, const char *output) GLU_MUST_USE;

/* Give up the lock and keep what is in the directory; one beside a results file goes when there is
 * nothing of a study in it.  Accepts NULL. */
void store_close(struct store *store);
/* Remove all that is ours in the directory, the directory too when nothing else is in it, and give
 * up the lock: the study is complete, and its results are elsewhere.  Accepts NULL. */
void store_remove(struct store *store);
/* Remove what is known of a study, its cells and their states; the directory and its lock stay. */
void store_clear(const struct store *store);

const char *store_path(const struct store *store);

/* Is there nothing more to find out about a cell?  A run that failed may do better when it is tried
 * again. */
bool cell_status_is_settled(enum run_status status);

/* ---- What is in it --------------------------------------------------------------------------- */

/* The study, of an older version too: new reference in *study, NULL when there is none.  0 or -1. */
int store_read_study(const struct store *store, json_t **study) GLU_MUST_USE;
int store_write_study(const struct store *store, json_t *study) GLU_MUST_USE;
/* Of several programs one at a time looks at the study and writes it: wait for it and take it, until
 * store_unlock_study(), store_close() or the end of the program.  The directory is made as needed.  0 or
 * -1. */
int store_lock_study(struct store *store) GLU_MUST_USE;
/* One that is not taken is fine, and NULL. */
void store_unlock_study(struct store *store);

/* How many cells are done, and how many states there are of trainings that are not. */
int store_count_cells(const struct store *store);
int store_count_states(const struct store *store);

/* Write the record of a cell that is done; `run` is its row of a results file.  When it returns the record
 * outlives the program, and a power failure too unless the run took less than a second: that is done again.
 * 0, or -1 and a message that names the file. */
int store_put(const struct store *store, const struct cell *cell, json_t *run) GLU_MUST_USE;
/* The run of a cell that is done, as a new reference in *run; NULL when it is not.  0, or -1 and a
 * message that names the file: its record is damaged, or of another cell, or not what a training can
 * have come to. */
int store_get(const struct store *store, const struct cell *cell, json_t **run) GLU_MUST_USE;

/* Where the states of a cell's training are. */
struct state_place store_states(const struct store *store, const struct cell *cell);

/* ---- Who does what --------------------------------------------------------------------------- */

/* Claim a cell, to train it.  0: it is ours, until store_release() of *claim or the end of the
 * program; 1: another program has it; -1: it cannot be told, and a message.  A claim saves work, no
 * more: two programs that train one cell come to the same. */
int store_claim(const struct store *store, const struct cell *cell, int *claim) GLU_MUST_USE;
/* Does a program have a claim on a cell; NULL: on any? */
bool store_is_claimed(const struct store *store, const struct cell *cell);
/* *claim -1 is fine. */
void store_release(const struct store *store, const struct cell *cell, int *claim);

#endif
