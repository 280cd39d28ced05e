/* openmp.c - see openmp.h. */
#include "src/glu.h"

#include "src/util/openmp.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const struct {
    long date;
    const char *version;
} versions[] = {{201511, "4.5"}, {201811, "5.0"}, {202011, "5.1"}, {202111, "5.2"}, {202411, "6.0"}};

void openmp_describe(struct openmp_description *description)
{
    Dl_info library, program;
    void *function = dlsym(RTLD_DEFAULT, "omp_get_max_threads");
    const char *slash;

    snprintf(description->version, sizeof description->version, "%ld", (long)_OPENMP);
    for (size_t i = 0; i < LENGTH_OF(versions); i++)
        if (versions[i].date == _OPENMP)
            snprintf(description->version, sizeof description->version, "%s", versions[i].version);
    description->library[0] = '\0';
    if (!function || !dladdr(function, &library) || !library.dli_fname ||
        !dladdr(versions, &program) || library.dli_fbase == program.dli_fbase)
        return;
    slash = strrchr(library.dli_fname, '/');
    snprintf(description->library, sizeof description->library, "%s", slash ? slash + 1 : library.dli_fname);
}
