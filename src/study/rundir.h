/* rundir.h - the run directory beside a results file, FILE.run: the lock that keeps two programs from
 * one output, what the sweep is, and the states of trainings that are not done.
 *
 *     FILE.run/lock                                 locked by the program that writes FILE
 *     FILE.run/sweep.record                         the configuration of the sweep
 *     FILE.run/VARIANT-sSEED.STEP.state             a training stopped after STEP
 *
 * It goes when the sweep is complete. */
#ifndef GLU_STUDY_RUNDIR_H
#define GLU_STUDY_RUNDIR_H

#include "variants/variant.h"

#include "src/glu.h"

#include <jansson.h>
#include <limits.h>

struct rundir;

/* Make the directory of an output file and take its lock, which dies with this program.  0, or -1
 * and a message (another program holds it; it cannot be made).  An output that is not a regular
 * file has none: *rundir is NULL then. */
int rundir_open(struct rundir **rundir, const char *output) GLU_MUST_USE;

/* Give up the lock and keep what is in the directory; one without a sweep goes.  Accepts NULL. */
void rundir_close(struct rundir *rundir);
/* The sweep is complete: remove the directory and give up the lock.  Accepts NULL. */
void rundir_remove(struct rundir *rundir);

const char *rundir_path(const struct rundir *rundir);

/* The configuration of the sweep in the directory: new reference in *sweep, NULL when there is
 * none.  0 or -1. */
int rundir_read_sweep(const struct rundir *rundir, json_t **sweep) GLU_MUST_USE;
int rundir_write_sweep(const struct rundir *rundir, json_t *sweep) GLU_MUST_USE;

/* Steps of the states of a training, the latest first: at most `max` of them in steps; returns how
 * many. */
int rundir_states(const struct rundir *rundir, const struct variant *variant, uint64_t seed,
                  int64_t *steps, int max);
/* Where the state of a step is. */
void rundir_state_path(const struct rundir *rundir, const struct variant *variant, uint64_t seed,
                       int64_t step, char path[PATH_MAX]);
/* Is there a state of any training? */
bool rundir_has_states(const struct rundir *rundir);
/* Remove the states of a training but for the `keep` latest up to `step`. */
void rundir_prune(const struct rundir *rundir, const struct variant *variant, uint64_t seed,
                  int64_t step, int keep);
/* Remove the sweep and the states of all trainings. */
void rundir_clear(const struct rundir *rundir);

#endif
