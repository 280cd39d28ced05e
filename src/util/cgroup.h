/* cgroup.h - what control groups allow this process. */
#ifndef GLU_UTIL_CGROUP_H
#define GLU_UTIL_CGROUP_H

/* Processors' time that the control group of this process may use, in processors, 1.5 for one and a
 * half: the least of its own quota and those of the groups above it, as far as they can be seen.
 * Version 2 says it in cpu.max, version 1 in cpu.cfs_quota_us and cpu.cfs_period_us.  NAN when there
 * is no quota.  `root` is what /proc and /sys are in: "" but in tests. */
double cgroup_cpu_quota(const char *root);

#endif
