/* spm.cc - see spm.h. */
#include "src/text/spm.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

struct spm_model {
    sentencepiece::SentencePieceProcessor processor;
};

namespace {

void explain(char *error, const char *why)
{
    std::snprintf(error, SPM_ERROR_BYTES, "%s", why);
}

/* Call what gives a status; false and why when it did not go well. */
template <typename Function> bool attempt(char *error, Function function)
{
    try {
        const sentencepiece::util::Status status = function();

        if (status.ok())
            return true;
        explain(error, status.ToString().c_str());
    } catch (const std::exception &exception) {
        explain(error, exception.what());
    } catch (...) {
        explain(error, "an unknown exception");
    }
    return false;
}

} // namespace

struct spm_model *spm_open(const char *file, size_t bytes, char *error)
{
    struct spm_model *model = nullptr;

    if (attempt(error, [&] {
            model = new struct spm_model;
            return model->processor.LoadFromSerializedProto({file, bytes});
        }))
        return model;
    delete model;
    return nullptr;
}

void spm_close(struct spm_model *model)
{
    delete model;
}

void spm_look(const struct spm_model *model, struct spm_sizes *sizes)
{
    sizes->pieces = model->processor.GetPieceSize();
    sizes->pad = model->processor.pad_id();
    sizes->eos = model->processor.eos_id();
    sizes->unk = model->processor.unk_id();
}

const char *spm_name(const struct spm_model *model, int id)
{
    return model->processor.IdToPiece(id).c_str();
}

size_t spm_encode(const struct spm_model *model, const char *text, size_t bytes, int32_t *ids,
                  size_t capacity, char *error)
{
    size_t count = SIZE_MAX;

    attempt(error, [&] {
        std::vector<int> all;
        const auto status = model->processor.Encode({text, bytes}, &all);

        if (status.ok()) {
            std::copy_n(all.begin(), std::min(all.size(), capacity), ids);
            count = all.size();
        }
        return status;
    });
    return count;
}

size_t spm_decode(const struct spm_model *model, const int32_t *ids, size_t count, char *text,
                  size_t capacity, char *error)
{
    size_t bytes = SIZE_MAX;

    attempt(error, [&] {
        std::string whole;
        const auto status = model->processor.Decode(std::vector<int>(ids, ids + count), &whole);

        if (status.ok()) {
            std::copy_n(whole.begin(), std::min(whole.size(), capacity), text);
            bytes = whole.size();
        }
        return status;
    });
    return bytes;
}
