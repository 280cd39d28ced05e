# What users take and edit.
dist_noinst_SCRIPTS += contrib/slurm/study.sh
dist_noinst_DATA += contrib/studies/mini.json contrib/studies/transfer.json contrib/Containerfile
# Of a machine on which nothing else runs: what makes results/scale.md; what a sweep costs besides training, and a step
# beside other work.
dist_noinst_SCRIPTS += contrib/scale.py contrib/overhead.py contrib/beside.py
