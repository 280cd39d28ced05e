/* weights_hf.c - see weights_hf.h. */
#include "src/glu.h"

#include "src/model/weights_hf.h"

#include "src/model/architecture.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_MAX_BYTES = 1 << 16 };

static json_t *make_config(const struct model_options *options)
{
    const struct variant *variant = options->variant;
    json_t *config = options->architecture->hf_config(options);
    json_t *ours = json_pack("{s:s, s:s, s:f, s:f}", "torch_dtype", "float32", "glubench_variant",
                             variant->name, "glubench_alpha", variant->alpha, "glubench_beta",
                             variant->beta);

    if (!config || !ours || json_object_update(config, ours)) {
        json_decref(config);
        config = NULL;
    }
    json_decref(ours);
    return config;
}

int weights_hf_write(const char *directory, const struct model *model)
{
    json_t *config = make_config(model_get_options(model));
    char path[PATH_MAX], *text = config ? json_dumps(config, JSON_INDENT(2)) : NULL;
    int status = -1;

    json_decref(config);
    if (!text)
        return err_set("%s/config.json: out of memory", directory);
    if (io_join(path, directory, "config.json") == 0)
        status = atomic_write(path, text, strlen(text));
    free(text);
    return status;
}

void weights_hf_warn(const char *directory, const struct variant *variant)
{
    char path[PATH_MAX];
    uint64_t bytes = 0;
    json_t *config;
    const char *name;
    int fd;

    if (io_join(path, directory, "config.json"))
        return;
    fd = io_open_regular(path, &bytes);
    if (fd < 0)
        return;
    config = bytes <= CONFIG_MAX_BYTES ? json_loadfd(fd, 0, NULL) : NULL;
    close(fd);
    name = json_string_value(json_object_get(config, "glubench_variant"));
    if (name && strcmp(name, variant->name) != 0)
        warn_add("%s holds weights that were trained as %.80s; they are used for %s", directory,
                 name, variant->name);
    json_decref(config);
}
