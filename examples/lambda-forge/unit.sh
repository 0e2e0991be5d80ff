#!/bin/sh
# Runs functions/*/unit.sh and leaves what they showed in reports/: JUnit of the tests, lcov of the
# lines of each main.sh that ran. Whether it is enough is a stage's to say: dev asks for nothing.
set -eu
rm -rf reports
mkdir reports
lines=$PWD/reports/lines
: >reports/cases

# check EXPECTED [ARGUMENT...]: what $function answers, each line that runs written down.
check() {
    expected=$1
    shift
    found=$(LINES_RUN="$lines.$function" sh "reports/$function.sh" "$@") || found="$found (exit $?)"
    title=$(echo "$function $*" | sed 's/[&<>"]//g')
    if [ "$found" = "$expected" ]; then
        echo "<testcase classname=\"$function\" name=\"$title\"/>" >>reports/cases
    else
        echo "$title: expected $expected, found $found" >&2
        echo "<testcase classname=\"$function\" name=\"$title\"><failure message=\"another answer\"/></testcase>" >>reports/cases
    fi
}

for folder in functions/*/; do
    function=$(basename "$folder")
    # The function, with a note of each line before it runs; words that only end something are none.
    awk '
        BEGIN { print "ran() { echo \"$1\" >>\"$LINES_RUN\"; }" }
        /^[ \t]*(#.*|fi|else|then|done)?$/ { print; next }
        { print "ran " NR "; " $0 }
    ' "$folder/main.sh" >"reports/$function.sh"
    : >"$lines.$function"
    if [ -e "$folder/unit.sh" ]; then
        . "./$folder/unit.sh"
    fi
    echo "SF:${folder}main.sh"
    awk -v ran="$lines.$function" '
        BEGIN { while ((getline line <ran) > 0) runs[line]++ }
        /^[ \t]*(#.*|fi|else|then|done)?$/ { next }
        { print "DA:" NR "," runs[NR] + 0 }
    ' "$folder/main.sh"
    echo end_of_record
done >reports/coverage.info
{
    echo "<testsuite name=\"unit\">"
    cat reports/cases
    echo "</testsuite>"
} >reports/unit.xml
