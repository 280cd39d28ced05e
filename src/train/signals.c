/* signals.c - see signals.h. */
#include "src/glu.h"

#include "src/train/signals.h"

#include <signal.h>

atomic_int signals_stop, signals_checkpoints;

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
static const int checkpointing[] = {SIGXCPU, SIGUSR1};

static void on_stop(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    int none = 0;

    /* Two signals may be handled at once, in two threads. */
    if (atomic_compare_exchange_strong(&signals_stop, &none, number))
        return;
    sigaction(number, &action, NULL);
    raise(number); /* pending until the handler returns, and then it ends the program */
}

static void on_checkpoint(int number)
{
    (void)number;
    atomic_fetch_add(&signals_checkpoints, 1);
}

static void set_handler(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, before;

    sigemptyset(&action.sa_mask);
    /* Under nohup the end of the terminal stays ignored. */
    if (number == SIGHUP && sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
        return;
    sigaction(number, &action, NULL);
}

void signals_catch(void)
{
    signals_stop = 0;
    signals_checkpoints = 0;
    for (size_t i = 0; i < LENGTH_OF(stopping); i++)
        set_handler(stopping[i], on_stop);
    for (size_t i = 0; i < LENGTH_OF(checkpointing); i++)
        set_handler(checkpointing[i], on_checkpoint);
}

void signals_release(void)
{
    for (size_t i = 0; i < LENGTH_OF(stopping); i++)
        set_handler(stopping[i], SIG_DFL);
    for (size_t i = 0; i < LENGTH_OF(checkpointing); i++)
        set_handler(checkpointing[i], SIG_DFL);
}
