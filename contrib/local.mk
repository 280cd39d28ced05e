# What users take and edit.
dist_noinst_SCRIPTS += contrib/slurm/study.sh
