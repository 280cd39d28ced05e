/* progress.c - see progress.h. */
#include "src/glu.h"

#include "src/util/clock.h"
#include "src/util/printable.h"
#include "src/util/progress.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_BYTES = 1024 };

static const double refresh_s = 0.1;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_quiet, is_verbose, status_shown;
static double status_shown_s;

bool terminal_is(FILE *stream)
{
    const char *term = getenv("TERM");

    return isatty(fileno(stream)) && term && strcmp(term, "dumb") != 0;
}

bool terminal_has_color(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");

    return terminal_is(stream) && !(no_color && no_color[0]);
}

static int terminal_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

static void erase_status(void)
{
    if (status_shown)
        fputs("\r\033[K", stderr);
    status_shown = false;
}

void progress_start(bool quiet, bool verbose)
{
    pthread_mutex_lock(&lock);
    is_quiet = quiet;
    is_verbose = verbose;
    pthread_mutex_unlock(&lock);
}

void progress_status(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    double now_s;

    pthread_mutex_lock(&lock);
    now_s = clock_now_s();
    if (is_quiet || !terminal_is(stderr) || (status_shown && now_s - status_shown_s < refresh_s))
        goto unlock;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    printable(line);
    erase_status();
    fprintf(stderr, "%.*s", terminal_columns() - 1, line);
    fflush(stderr);
    status_shown = true;
    status_shown_s = now_s;
unlock:
    pthread_mutex_unlock(&lock);
}

static void print_line(bool detail, const char *format, va_list args)
{
    char line[LINE_BYTES];

    vsnprintf(line, sizeof line, format, args);
    printable(line);
    pthread_mutex_lock(&lock);
    if (!is_quiet && (is_verbose || !detail)) {
        erase_status();
        fprintf(stderr, "%s\n", line);
    }
    pthread_mutex_unlock(&lock);
}

void progress_print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_line(false, format, args);
    va_end(args);
}

void progress_detail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_line(true, format, args);
    va_end(args);
}

void progress_clear(void)
{
    pthread_mutex_lock(&lock);
    erase_status();
    fflush(stderr);
    pthread_mutex_unlock(&lock);
}

void format_duration(double seconds, char *text, size_t size)
{
    long long s;

    if (!(seconds >= 0 && seconds < 1e12)) {
        snprintf(text, size, "?");
        return;
    }
    s = (long long)(seconds + 0.5);
    if (s < 60)
        snprintf(text, size, "%lld s", s);
    else if (s < 3600)
        snprintf(text, size, "%lld:%02lld", s / 60, s % 60);
    else
        snprintf(text, size, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

void format_bytes(double bytes, char *text, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;

    for (; bytes >= 1024 && unit + 1 < LENGTH_OF(units); unit++)
        bytes /= 1024;
    snprintf(text, size, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}
