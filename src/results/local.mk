libglubench_a_SOURCES += \
    src/results/cells.c src/results/cells.h \
    src/results/check.c src/results/check.h \
    src/results/checkpoints.c src/results/checkpoints.h \
    src/results/class_likelihood.c src/results/class_likelihood.h \
    src/results/changes.c src/results/changes.h \
    src/results/compare.c \
    src/results/contrasts.c src/results/contrasts.h \
    src/results/curves.c src/results/curves.h \
    src/results/decisions.c src/results/decisions.h \
    src/results/detection.c \
    src/results/distributions.c src/results/distributions.h \
    src/results/document.c src/results/document.h \
    src/results/embedded.h \
    src/results/environment.c \
    src/results/equivalence.c src/results/equivalence.h \
    src/results/layout.c src/results/layout.h \
    src/results/matrix.c src/results/matrix.h \
    src/results/merge.c \
    src/results/paired_bootstrap.c src/results/paired_bootstrap.h \
    src/results/power.c src/results/power.h \
    src/results/published.c src/results/published.h \
    src/results/random_effects.c src/results/random_effects.h \
    src/results/read.c \
    src/results/report.c \
    src/results/results.c src/results/results.h \
    src/results/run_result.c \
    src/results/schema.c src/results/schema.h \
    src/results/sequential.c src/results/sequential.h \
    src/results/sheet.c src/results/sheet.h \
    src/results/sign_flip.c \
    src/results/signed_rank.c src/results/signed_rank.h \
    src/results/statistics.c src/results/statistics.h \
    src/results/task_scores.c src/results/task_scores.h \
    src/results/validate.c \
    src/results/worth.c src/results/worth.h

# The tables of a study, over several results files.
libglubench_a_SOURCES += \
    src/results/studies/axes.c \
    src/results/studies/collection.c src/results/studies/collection.h \
    src/results/studies/report.c \
    src/results/studies/settings.c \
    src/results/studies/slope.c \
    src/results/studies/table.h src/results/studies/tables.c \
    src/results/studies/transfer.c \
    src/results/studies/tuned.c

# A file for each table, and the list of them.
libglubench_a_SOURCES += \
    src/results/tables/agreement.c \
    src/results/tables/beside.c src/results/tables/beside.h \
    src/results/tables/decisions.c \
    src/results/tables/exchange.c \
    src/results/tables/finetune.c \
    src/results/tables/gated_scores.c \
    src/results/tables/pareto.c \
    src/results/tables/parity.c \
    src/results/tables/perplexity.c \
    src/results/tables/primitives.c \
    src/results/tables/profile.c \
    src/results/tables/quality.c src/results/tables/quality.h \
    src/results/tables/ranks.c \
    src/results/tables/scaling.c \
    src/results/tables/scores.c src/results/tables/scores.h \
    src/results/tables/table.h \
    src/results/tables/tables.c src/results/tables/tables.h \
    src/results/tables/throughput.c src/results/tables/throughput.h \
    src/results/tables/translation.c \
    src/results/tables/verdict.c

# A file for each way to print one.
libglubench_a_SOURCES += \
    src/results/formats/csv.c \
    src/results/formats/format.c src/results/formats/format.h \
    src/results/formats/json.c \
    src/results/formats/latex.c \
    src/results/formats/markdown.c \
    src/results/formats/terminal.c

check_PROGRAMS += test-statistics test-inference
test_statistics_SOURCES = test/test-statistics.c
test_inference_SOURCES = test/test-inference.c
TESTS += test-statistics test-inference

check_PROGRAMS += test-scores
test_scores_SOURCES = test/test-scores.c
TESTS += test-scores

results_tests = test-beside test-compare test-contrasts test-decisions test-matrix test-report test-results \
    test-results-memory test-score-tables test-validate test-verdict test-worth
results_fixture = test/results-fixture.c test/results-fixture.h
check_PROGRAMS += $(results_tests)
test_beside_SOURCES = test/test-beside.c $(results_fixture)
test_compare_SOURCES = test/test-compare.c $(results_fixture)
test_contrasts_SOURCES = test/test-contrasts.c $(results_fixture)
test_decisions_SOURCES = test/test-decisions.c $(results_fixture)
test_matrix_SOURCES = test/test-matrix.c $(results_fixture)
test_report_SOURCES = test/test-report.c $(results_fixture)
test_results_SOURCES = test/test-results.c $(results_fixture)
test_results_memory_SOURCES = test/test-results-memory.c $(results_fixture) $(memory)
test_results_memory_LDFLAGS = $(AM_LDFLAGS) $(MEMORY_WRAP)
test_score_tables_SOURCES = test/test-score-tables.c $(results_fixture)
test_validate_SOURCES = test/test-validate.c $(results_fixture)
test_verdict_SOURCES = test/test-verdict.c $(results_fixture)
test_worth_SOURCES = test/test-worth.c $(results_fixture) test/scratch.c test/scratch.h
TESTS += $(results_tests)

# results-example writes a made-up results file, for tests that need one.
check_PROGRAMS += results-example
results_example_SOURCES = test/results-example.c $(results_fixture)
dist_check_SCRIPTS += test/report.sh
TESTS += test/report.sh

dist_check_SCRIPTS += test/study-tables.py
TESTS += test/study-tables.py
