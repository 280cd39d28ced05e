/* cgroup.h - what control groups allow this process. */
#ifndef GLU_UTIL_CGROUP_H
#define GLU_UTIL_CGROUP_H

/* Processors' time that the control group of this process may use, in processors, 1.5 for one and a
 * half: the least of its own quota and those of the groups above it, as far as they can be seen.
 * Version 2 says it in cpu.max, version 1 in cpu.cfs_quota_us and cpu.cfs_period_us.  NAN when there
 * is no quota.  `root` is what /proc and /sys are in: "" but in tests. */
double cgroup_cpu_quota(const char *root);

/* Memory that the group may use, in bytes: the least limit in the same way, of memory.max and
 * memory.high, or memory.limit_in_bytes.  NAN when there is none; version 1 may say about 2^63. */
double cgroup_memory_bytes(const char *root);

#endif
