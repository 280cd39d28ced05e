/* signals.c - see signals.h. */
#include "src/glu.h"

#include "src/train/signals.h"

#include <signal.h>

atomic_int signals_stop, signals_states;

/* The first that this process got itself; another one's may be the reason to stop. */
static atomic_int received;

void signals_note_stop(int number)
{
    int none = 0;

    atomic_compare_exchange_strong(&signals_stop, &none, number);
}

static void on_stop(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    int none = 0;

    /* Two signals may be handled at once, in two threads. */
    if (atomic_compare_exchange_strong(&received, &none, number)) {
        signals_note_stop(number);
        return;
    }
    sigaction(number, &action, NULL);
    raise(number); /* pending until the handler returns, and then it ends the program */
}

static void on_save(int number)
{
    (void)number;
    atomic_fetch_add(&signals_states, 1);
}

/* What is done with each, and whether it is ours now: one that is ignored when we are called, as
 * the end of the terminal is under nohup and SIGINT in a script's background job, stays ignored. */
static struct {
    int number;
    void (*handler)(int);
    bool caught;
} signals[] = {
    {SIGINT, on_stop, false},         {SIGTERM, on_stop, false},
    {SIGHUP, on_stop, false},         {SIGXCPU, on_save, false},
    {SIGUSR1, on_save, false},        {SIGPIPE, SIG_IGN, false}, /* the write fails, and says so */
};

void signals_catch(void)
{
    signals_stop = received = 0;
    signals_states = 0;
    for (size_t i = 0; i < LENGTH_OF(signals); i++) {
        struct sigaction action = {.sa_handler = signals[i].handler, .sa_flags = SA_RESTART}, before;

        sigemptyset(&action.sa_mask);
        signals[i].caught = sigaction(signals[i].number, NULL, &before) == 0 &&
                            before.sa_handler != SIG_IGN &&
                            sigaction(signals[i].number, &action, NULL) == 0;
    }
}

void signals_release(void)
{
    const struct sigaction action = {.sa_handler = SIG_DFL};

    for (size_t i = 0; i < LENGTH_OF(signals); i++) {
        if (signals[i].caught)
            sigaction(signals[i].number, &action, NULL);
        signals[i].caught = false;
    }
}
