/* error.h - how library code reports what went wrong: a message per thread, set where the fault
 * is found and printed in one place (src/cli). */
#ifndef GLU_UTIL_ERROR_H
#define GLU_UTIL_ERROR_H

#include <stddef.h>

#if defined __GNUC__
#define ERR_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define ERR_PRINTF(f, a)
#endif

/* A field of the configuration in the text of a message, and in what is put into one by %s:
 * err_set(FIELD("heldout_share") " %g: ...").  Its name is that of the option with underscores;
 * whoever shows messages decides how it is written. */
#define FIELD(name) "\016" name "\017"

/* Write a field's name into text, as a user knows it.  It may be called in any thread. */
typedef void err_namer_fn(const char *field, char *text, size_t size);
/* Who names the fields of all messages from now on; NULL, and before the first call: nobody, they
 * are written as they are.  For the beginning of the program: no thread may make a message then. */
void err_set_namer(err_namer_fn *namer);
/* Name the fields in any text, in place; it is cut where `size` ends. */
void err_name_fields(char *text, size_t size);

/* Set this thread's error message, replacing the one before.  The message is cut at 1,023 bytes,
 * has no trailing newline and no program name.  Returns -1, so that `return err_set(...)` reads
 * well. */
int err_set(const char *format, ...) ERR_PRINTF(1, 2);

/* Put `format...: ` in front of this thread's message (what was being done when it failed).
 * Returns -1. */
int err_prepend(const char *format, ...) ERR_PRINTF(1, 2);

/* Set the message to `what: strerror(errno)`.  Returns -1. */
int err_system(const char *format, ...) ERR_PRINTF(1, 2);

/* Why a parser failed: `text`, its own words, or that memory ran out, which jansson does not always
 * tell, but errno does.  Set errno to 0 before the call that may fail. */
const char *err_cause(const char *text);

/* This thread's message; "" when none was set.  Valid until the next err_ call of the thread. */
const char *err_get(void);

/* A warning: something the user should know that does not stop the program.  It is kept (the
 * results file lists all of them) and handed to the sink if one is set.  Safe from any thread.
 * The same text is kept and shown once. */
void warn_add(const char *format, ...) ERR_PRINTF(1, 2);

/* Who shows warnings; NULL keeps them silently.  The sink is called under a lock. */
void warn_set_sink(void (*sink)(const char *text));

/* The i-th kept warning, or NULL past the last. */
const char *warn_get(int i);

/* Forget all kept warnings (for tests and for the end of the program). */
void warn_clear(void);

#endif
