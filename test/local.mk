check_LIBRARIES += libtap.a
libtap_a_SOURCES = test/near.c test/near.h test/tap.c test/tap.h test/worse.h

check_PROGRAMS += test-tap
test_tap_SOURCES = test/test-tap.c
TESTS += test-tap

EXTRA_DIST += test/scratch.sh

# Link flags of a test whose system calls are to fail: its own calls go through test/faulty-io.c.
FAULTY_IO = -Wl,--wrap=open,--wrap=close,--wrap=read,--wrap=pread,--wrap=write,--wrap=fsync \
    -Wl,--wrap=ftruncate,--wrap=fchmod,--wrap=flock,--wrap=rename,--wrap=mkdir,--wrap=rmdir \
    -Wl,--wrap=unlink,--wrap=fopen,--wrap=time,--wrap=clock_gettime
faulty_io = test/faulty-io.c test/faulty-io.h

# The plain double-precision twins.
ref = test/ref/gradient.c test/ref/layers.c test/ref/lm.c test/ref/model.c \
    test/ref/model.h test/ref/ref.h test/ref/t5.c test/ref/training.c

# ... and of one whose memory is to run out; $(MEMORY_WRAP) is configure's.
memory = test/memory.c test/memory.h

dist_check_SCRIPTS += test/completion.sh test/install.sh test/messages.sh test/output.sh
TESTS += test/completion.sh test/install.sh test/messages.sh test/output.sh

dist_check_SCRIPTS += test/determinism.sh
TESTS += test/determinism.sh

# What a run is judged by.
dist_check_SCRIPTS += test/heldout.py
TESTS += test/heldout.py

# Are the losses of the built-in language smooth?  Of the file that is given.
dist_check_SCRIPTS += test/smooth.py

# Fine-tuning, and translation.
dist_check_SCRIPTS += test/finetune.sh test/translation.sh test/score.sh
TESTS += test/finetune.sh test/translation.sh test/score.sh

# Weights that others published, and what stands beside ours.
dist_check_SCRIPTS += test/card.py test/weights.py
TESTS += test/card.py test/weights.py

# Tables on terminals.
dist_check_SCRIPTS += test/width.py
TESTS += test/width.py

# The figures of README.md and results/README.md.
dist_check_SCRIPTS += test/readme.py
TESTS += test/readme.py

# For those who cite, and who run it in a container.
dist_check_SCRIPTS += test/citation.py test/container.sh
TESTS += test/citation.py test/container.sh

# The layers of HACKING.md.
dist_check_SCRIPTS += test/house.py
TESTS += test/house.py

# The examples of HACKING.md, some of them tried with a program of their own.
dist_check_SCRIPTS += test/hacking.py
TESTS += test/hacking.py
EXTRA_PROGRAMS += seams
seams_SOURCES = test/seams.c

# Whether a tool finds races; for .ci/run.
EXTRA_PROGRAMS += test-race
test_race_SOURCES = test/race.c
test_race_LDADD =

# Hours of work in one process leave nothing behind; see test/soak.sh.
EXTRA_DIST += test/soak.sh
SOAK_MINUTES = 30
soak: all
	$(SHELL) $(srcdir)/test/soak.sh `expr $(SOAK_MINUTES) \* 60`
.PHONY: soak

# The same tests in a Debian 13 tree, with oneDNN 3.x; see test/debian13.sh.
EXTRA_DIST += test/debian13.sh
check-debian13: dist
	$(SHELL) $(top_srcdir)/test/debian13.sh $(distdir).tar.gz
.PHONY: check-debian13

# A table of the lines that the tests reach; see test/coverage.sh.
EXTRA_DIST += test/coverage.sh
COVERAGE_MIN = 0
coverage: dist
	$(SHELL) $(top_srcdir)/test/coverage.sh $(distdir).tar.gz coverage $(COVERAGE_MIN)
clean-local:
	rm -rf coverage fuzz
.PHONY: coverage

# Our speed against another program's, in turn; see test/peer.py --help.
EXTRA_DIST += test/peer.py
