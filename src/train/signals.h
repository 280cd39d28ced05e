/* signals.h - what the system and the user ask of a sweep while it runs.
 *
 * SIGINT, SIGTERM and SIGHUP: finish the step, save, end.  A second one ends at once.
 * SIGXCPU and SIGUSR1 (a batch system's warning): save and go on.
 * SIGPIPE: a reader that is gone is an error of the write, and not the end of the training.
 *
 * One that is ignored before stays ignored. */
#ifndef GLU_TRAIN_SIGNALS_H
#define GLU_TRAIN_SIGNALS_H

#include <stdatomic.h>

/* Catch them from now on; forget what came before. */
void signals_catch(void);
/* Let them have their default effect again. */
void signals_release(void);

/* The signal that asked for the end, or 0; a loop may look at it in every step. */
extern atomic_int signals_stop;
/* How many times a state was asked for, to be saved. */
extern atomic_int signals_states;

/* Another process, which trains with this one, got a signal to stop. */
void signals_note_stop(int number);

#endif
