# What users take and edit.
dist_noinst_SCRIPTS += contrib/slurm/study.sh
dist_noinst_DATA += contrib/studies/transfer.json
# What makes results/scale.md, what a sweep costs besides training, and a step beside other work: of a machine on which nothing else runs.
dist_noinst_SCRIPTS += contrib/scale.py contrib/overhead.py contrib/beside.py
