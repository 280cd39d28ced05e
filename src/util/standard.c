/* standard.c - see standard.h. */
#include "src/glu.h"

#include "src/util/standard.h"

#include "src/util/io.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static FILE *data; /* NULL: stdout */

/* Open what is closed of descriptors 0 to 2, for the other direction: its use fails. */
static void fill_closed(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        while (fcntl(fd, F_GETFD) < 0)
            if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) /* the lowest */
                return;
}

void standard_begin(void)
{
    fill_closed();
    /* fdopen() would refuse a descriptor that cannot be written to; the writes are to fail. */
    data = fopen("/dev/null", "we");
    if (!data)
        return;
    if (dup3(STDOUT_FILENO, fileno(data), O_CLOEXEC) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        fclose(data);
        data = NULL;
    }
}

FILE *standard_data(void)
{
    return data ? data : stdout;
}

void standard_print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(standard_data(), format, args);
    va_end(args);
}

bool standard_is_output(const char *path)
{
    static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
    char at[PATH_MAX], next[PATH_MAX];

    if (strlen(path) >= sizeof at)
        return false;
    strcpy(at, path);
    for (int links = 0; links < IO_LINKS_MAX; links++) {
        /* A link may lead to a file whose name is "-". */
        for (size_t i = links > 0; i < LENGTH_OF(names); i++)
            if (strcmp(at, names[i]) == 0)
                return true;
        if (io_read_link(at, next) != 1)
            return false;
        strcpy(at, next);
    }
    return false;
}

const char *standard_name(const char *path)
{
    return standard_is_output(path) ? "standard output" : path;
}

int standard_open(void)
{
    int fd;

    fflush(standard_data()); /* its errors are told when it is closed */
    fd = fcntl(fileno(standard_data()), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return fd >= 0 ? fd : err_system("standard output");
}
