/* settings.c - see settings.h. */
#include "src/glu.h"

#include "src/cli/settings.h"

#include <stdlib.h>

/* Settings run side by side, so what they share of the machine must be the same. */
static int check_shares(const struct settings *settings)
{
    const struct setting *first = &settings->setting[0];

    for (int i = 1; i < settings->count; i++) {
        const struct setting *setting = &settings->setting[i];
        char names[2][SETTING_NAME_BYTES];

        axes_name(&settings->axes, 0, names[0]);
        axes_name(&settings->axes, i, names[1]);
        if (setting->ranks_per_run != first->ranks_per_run)
            return err_set("the settings %s and %s differ in " FIELD("ranks_per_run"), names[0], names[1]);
        if (setting->threads != first->threads || setting->recipe.jobs != first->recipe.jobs)
            return err_set("the settings %s and %s differ in " FIELD("jobs") " (%d, %d) or "
                           FIELD("threads") " (%d, %d); give both",
                           names[0], names[1], first->recipe.jobs, setting->recipe.jobs,
                           first->threads, setting->threads);
    }
    return 0;
}

static int check_study(struct settings *settings)
{
    for (int i = 0; i < settings->count; i++) {
        struct setting *setting = &settings->setting[i];

        if (setting->dump_batches)
            return err_set(FIELD("dump_batches") " is of one setting; leave it out of a study");
        /* The directory of a study is gone on with unless it is to be thrown away. */
        setting->resume = !setting->restart;
    }
    return check_shares(settings);
}

static int resolve(struct settings *settings, const struct invocation *invocation, int point)
{
    int count, status;
    char text[400];
    struct setting_argument *arguments =
        axes_arguments(&settings->axes, point, invocation->arguments, invocation->argument_count,
                       &count);

    if (!arguments)
        return -1;
    status = setting_resolve(&settings->setting[point], arguments, count);
    settings->count++; /* to be freed in either case */
    free(arguments);
    if (status && settings->is_study) {
        axes_describe(&settings->axes, point, text, sizeof text);
        err_prepend("%s", text);
    }
    return status;
}

int settings_open(struct settings *settings, const struct invocation *invocation)
{
    const struct request *request = &invocation->request;

    *settings = (struct settings){.is_study = request->vary.count > 0 || request->study};
    if (axes_open(&settings->axes, &request->vary, request->study))
        return -1;
    settings->setting = calloc((size_t)settings->axes.points, sizeof *settings->setting);
    if (!settings->setting)
        return err_set("out of memory");
    for (int i = 0; i < settings->axes.points; i++)
        if (resolve(settings, invocation, i))
            return -1;
    return settings->is_study ? check_study(settings) : 0;
}

void settings_close(struct settings *settings)
{
    for (int i = 0; i < settings->count; i++)
        setting_free(&settings->setting[i]);
    free(settings->setting);
    axes_free(&settings->axes);
}
