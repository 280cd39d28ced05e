/* affects.h - what a field of the configuration decides; the setting's table says it of each row, and
 * whoever asks whether two configurations are the same (cell keys, resume, merge, compare) is handed
 * the function that looks it up. */
#ifndef GLU_UTIL_AFFECTS_H
#define GLU_UTIL_AFFECTS_H

enum affects {
    AFFECTS_RESULT, /* what a run gives */
    AFFECTS_BITS,   /* its last bits alone, by the order of summation: the threads of a run */
    AFFECTS_SPEED,  /* how fast it gets there */
    AFFECTS_NOTHING /* a name, a place, what is asked for besides */
};

/* Of a field of the `config` object, by its path in it: "training.steps". */
typedef enum affects affects_fn(const char *path);

#endif
