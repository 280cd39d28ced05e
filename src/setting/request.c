/* request.c - see request.h. */
#include "src/glu.h"

#include "src/setting/request.h"

static struct option_values values_of(struct request *request)
{
    return (struct option_values){IN_REQUEST, request, request->origin};
}

int request_read(struct request *request, const struct setting_argument *arguments, int count)
{
    struct option_values values = values_of(request);
    int status;

    *request = (struct request){.table = NULL};
    status = options_begin(&values);
    request->fail_on_percent = -1; /* no number that the user can give */
    return status || options_assign(&values, arguments, count) ? -1 : 0;
}

void request_free(struct request *request)
{
    struct option_values values = values_of(request);

    options_free(&values);
}
