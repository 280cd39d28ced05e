# What users take and edit.
dist_noinst_SCRIPTS += contrib/slurm/study.sh
dist_noinst_DATA += contrib/studies/transfer.json
