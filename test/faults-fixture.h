/* faults-fixture.h - a small sweep in directories of its own, what it left, and whether another one goes on with
 * that to the very same results. */
#ifndef GLU_TEST_FAULTS_FIXTURE_H
#define GLU_TEST_FAULTS_FIXTURE_H

#include "src/study/grid.h"
#include "src/study/status.h"

#include <jansson.h>

/* The program ends, or something happens beside it, at every so many calls; under sanitizers, where a sweep takes
 * longer, at fewer. */
#ifdef BUILT_WITH_SANITIZERS
enum { END_EVERY = 23 };
#else
enum { END_EVERY = 3 };
#endif

/* Where a sweep writes: directories of their own, which can vanish one by one. */
extern const char *output, *rundir;
extern json_t *expected; /* the runs of a sweep that nothing happened to */

/* The arguments of main(): of a child of killed_at() this does not return.  Else the sweep that nothing happens to
 * is done. */
void faults_open(int argc, char **argv);
void faults_close(void);

/* ==== A sweep ==== */

enum how { FRESH, RESUME };

/* One or two trainings of two steps, with a checkpoint between the two, weights at the end, and, unless it goes on
 * with an earlier one, a dump.  How it ended; its message is in err_get(). */
enum study_status sweep(enum how how, int seeds);

/* A sweep of two in a process of its own, killed before call n; true when that came to pass. */
bool killed_at(int n);

/* Nothing of an earlier sweep is left. */
void clean(void);
/* What is left by one of two that was killed when one run was done and the other had a checkpoint. */
void interrupted(void);

/* The cell of a seed; the caller frees its config. */
struct cell cell_of(int seed);

/* ==== What it left ==== */

bool exists(const char *path);

/* How many runs are done in the results file, which is whole whatever happened; *valid becomes false when it is not,
 * or a run that is done is not as it is to be. */
int check_file(bool *valid);
/* Are so many done, as they are to be? */
bool is_complete(int seeds);
/* Go on as if nothing had been: the same runs, and nothing left beside them? */
bool resumes(int seeds);

/* Is there a warning that says this, or that names a file? */
bool warns(const char *what);
bool has_warned(void);

#endif
