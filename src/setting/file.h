/* file.h - the configuration file. */
#ifndef GLU_SETTING_FILE_H
#define GLU_SETTING_FILE_H

#include "src/setting/setting.h"

/* Set the options that a file gives, its preset first unless the command line has given one; a file
 * without one that gives an architecture has that one's, unless the command line has given another.  0,
 * or -1 and a message naming the file and its key. */
int setting_read_file(struct setting *setting, const char *path, bool preset_is_given,
                      bool architecture_is_given) GLU_MUST_USE;

#endif
