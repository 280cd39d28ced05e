/* slope.h - the runs of half of the steps, from which is known what a difference is worth.
 *
 * Beside the runs of a setting, its baseline is trained at every seed for half of the steps: with the
 * schedule of such a training, and everything else alike, the warm-up too.  Where that schedule begins as the
 * whole one does, the steps until they part are the whole run's, if that has come so far.  How much more it learns in
 * all of the steps, over the logarithm of their ratio, is the slope of results/worth.h.  They are runs
 * of the study, though no rows of its tables: cells with keys of their own, which are kept, resumed and
 * shared as others are. */
#ifndef GLU_STUDY_SLOPE_H
#define GLU_STUDY_SLOPE_H

#include "src/setting/setting.h"
#include "src/study/grid.h"

struct slope {
    struct setting setting; /* of the baseline alone and half of the steps; what it owns is borrowed */
    const struct variant *baseline[1];
    struct grid grid; /* a cell for each seed; none when there is nothing to halve */
};

/* Are there such runs?  Not for less than 2 steps, and not where the preset or its user wants none. */
bool slope_is_asked(const struct setting *setting);
/* The setting alone, borrowing from the whole one, which stays; nothing to be freed. */
void slope_halve(struct slope *slope, const struct setting *setting);
/* Its cells too, asked for or not; the identities are those of setting_json().  0 or -1; to be closed in
 * either case. */
int slope_open(struct slope *slope, const struct setting *setting, const struct data_identity *corpus,
               const struct data_identity *heldout) GLU_MUST_USE;
/* One that is zeroed is fine. */
void slope_close(struct slope *slope);
/* Is that one of its cells, whoever it was made for? */
bool slope_has(const struct slope *slope, const struct cell *cell);

/* How many such runs setting i of several is to add, as far as is known before a text is read: those that
 * another setting does anyway are none.  -1 and a message (memory). */
int slope_count(const struct setting *settings, int count, int i) GLU_MUST_USE;

#endif
