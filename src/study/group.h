/* group.h - a study by several processes: groups of them train one model each, and rank 0 of a group leads
 * it: it has the text and writes, and the others do what it orders.  The runs are dealt out to the groups in
 * turn; the leader of the first owns the results files, and gathers what the others have recorded.  Of a
 * process by itself all of this is nothing. */
#ifndef GLU_STUDY_GROUP_H
#define GLU_STUDY_GROUP_H

#include "src/study/status.h"
#include "src/study/study.h"

/* Does this process lead a group that is not the first? */
bool group_helps(void);
/* Is the run this group's? */
bool group_has(const struct study *study, const struct run *run);

/* For a leader: let the others of the group join in this run. */
int group_order(const struct study *study, const struct run *run) GLU_MUST_USE;
/* For the others: do what is ordered until the end, and end as the leader does. */
enum study_status group_follow(const struct study_options *options);

/* For a leader that helps: open the study, which the first has entered, and know what is done.  0 or -1. */
int group_join(struct study *study, const struct study_options *options) GLU_MUST_USE;
/* For all leaders, when their own runs are done: the first gets what the others have come to. */
int group_gather(struct study *study) GLU_MUST_USE;
/* For all leaders: end as the first does, and dismiss the others.  Returns how. */
enum study_status group_end(enum study_status status);

#endif
