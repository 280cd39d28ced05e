bashcompdir = $(datadir)/bash-completion/completions
dist_bashcomp_DATA = completions/glubench
