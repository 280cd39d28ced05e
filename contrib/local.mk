# What users take and edit.
dist_noinst_SCRIPTS += contrib/slurm/study.sh
dist_noinst_DATA += contrib/studies/transfer.json contrib/Containerfile
# What makes results/scale.md, of a machine on which nothing else runs.
dist_noinst_SCRIPTS += contrib/scale.py
