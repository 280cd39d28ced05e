#!/bin/sh
# coverage.sh - how much of src/ and variants/ the tests reach, line by line.
#
#     test/coverage.sh TARBALL FOLDER [MINIMUM]       (or: make coverage COVERAGE_MIN=90)
#
# Builds the tarball of "make dist" in FOLDER/source with --enable-coverage, runs make check there
# and prints a table; FOLDER/unreached.txt lists the lines that no test reached.  A source file
# that is compiled several times counts once: a line is reached when any of its copies is.
# Fails when a test fails, or when less than MINIMUM per cent of the lines are reached.
set -eu
export LC_ALL=C

tarball=${1:?usage: coverage.sh TARBALL FOLDER [MINIMUM]}
folder=${2:?usage: coverage.sh TARBALL FOLDER [MINIMUM]}
minimum=${3:-0}

rm -rf "$folder/source" "$folder/unreached.txt" "$folder/gcov.log"
mkdir -p "$folder/source"
tar -xf "$tarball" -C "$folder/source" --strip-components=1
cd "$folder/source"

./configure -q --enable-coverage
jobs=$(getconf _NPROCESSORS_ONLN || echo 1)
make -s -j"$jobs"
make -j"$((jobs + 1))" check VERBOSE=1

find src variants -name '*.gcno' | sort | while read -r notes; do
    ${GCOV:-gcov} -t "$notes" 2>>../gcov.log
done | awk -v minimum="$minimum" -v unreached=../unreached.txt '
    # A line of gcov -t is COUNT:LINE:TEXT; COUNT is - where there is no code, ##### when not
    # executed; line 0 names the source file.
    function percent(part, whole) { return whole > 0 ? 100 * part / whole : 100 }
    function row(name, lines, reached)
    {
        printf "%-36s %7d %7d %6.1f %%\n", name, lines, reached, percent(reached, lines)
    }
    { split($0, field, ":"); count = field[1]; line = field[2] + 0; gsub(/ /, "", count) }
    line == 0 { if (field[3] == "Source") file = field[4]; next }
    file !~ /^(src|variants)\// || count == "-" { next }
    {
        key = file SUBSEP line
        if (!(key in executed)) {
            executed[key] = 0
            lines[file]++
            if (line > last[file])
                last[file] = line
        }
        if (count !~ /^[#=]/ && !executed[key]) {
            executed[key] = 1
            reached[file]++
        }
    }
    END {
        printf "%-36s %7s %7s\n", "file", "lines", "reached"
        while ("ls -d src/*.h src/*/*.[ch] variants/*.c" | getline file) {
            if (!(file in lines))
                continue
            row(file, lines[file], reached[file])
            all_lines += lines[file]
            all_reached += reached[file]
            for (line = 1; line <= last[file]; line++)
                if ((file, line) in executed && !executed[file, line])
                    print file ":" line > unreached
        }
        row("all", all_lines, all_reached)
        if (all_lines == 0) {
            print "coverage.sh: gcov found no lines; see gcov.log"
            exit 1
        }
        if (percent(all_reached, all_lines) < minimum) {
            print "coverage.sh: less than the required " minimum " %"
            exit 1
        }
    }'
