# Reads a step's output file: `NAME=value`, and `NAME<<END`, lines, `END`. Writes the values of
# declared names into files of those names; says what is wrong and ends with 3.
function shown(text) { gsub(/[^ -~]/, "", text); return substr(text, 1, 40) }
function wrong(why) { print why; failed = 1; exit 3 }
function secret(value,   n, i, names, lines, count, j, whole) {
  n = split(ENVIRON["GREENROOM_SECRETS"], names, " ")
  for (i = 1; i <= n; i++) {
    whole = ENVIRON["GREENROOM_SECRET_" names[i]]
    if (whole != "" && index(value, whole)) return 1
    count = split(whole, lines, "\n")
    for (j = 1; j <= count; j++) {
      gsub(/^[ \t\r]+/, "", lines[j]); gsub(/[ \t\r]+$/, "", lines[j])
      if (length(lines[j]) >= 8 && index(value, lines[j])) return 1
    }
  }
  return 0
}
function take(name, value, here,   file) {
  if (length(name) > 64 || name !~ /^[A-Za-z_][A-Za-z0-9_]*$/)
    wrong(here " has `" shown(name) "` for a name; a name is letters, digits and `_`, at most 64")
  if (length(value) > 4096) wrong(here ": the value of " name " has more than 4096 bytes")
  if (!(name in declared)) {
    print "warning: output " name " is not taken, the step does not declare it under `outputs`" | "cat >&2"
  } else if (secret(value)) {
    print "warning: output " name " is not taken, it holds a secret" | "cat >&2"
  } else {
    file = ENVIRON["GREENROOM_INTO"] "/" name
    printf "%s", value > file
    close(file)
  }
}
BEGIN { RS = "\n"; n = split(ENVIRON["GREENROOM_OUTPUTS"], list, " "); for (i = 1; i <= n; i++) declared[list[i]] = 1 }
{ lines[NR] = $0 }
END {
  if (failed) exit 3
  for (i = 1; i <= NR; i++) if (i < NR || ENVIRON["GREENROOM_ENDED"] + 0) sub(/\r$/, "", lines[i])
  for (i = 1; i <= NR; i++) {
    line = lines[i]
    if (line ~ /^[ \t\r\v\f]*$/) continue
    here = "line " i " of the output file"
    equals = index(line, "="); heredoc = index(line, "<<")
    if (heredoc && (!equals || heredoc < equals)) {
      word = substr(line, heredoc + 2); value = ""; found = 0; first = 1
      if (word == "") wrong(here " has `<<` without the word that ends the value")
      for (i++; i <= NR; i++) {
        if (lines[i] == word) { found = 1; break }
        value = first ? lines[i] : value "\n" lines[i]; first = 0
      }
      if (!found) wrong(here " begins a value that no line `" shown(word) "` ends")
      take(substr(line, 1, heredoc - 1), value, here)
    } else if (equals) {
      take(substr(line, 1, equals - 1), substr(line, equals + 1), here)
    } else {
      wrong(here " is neither `NAME=value` nor `NAME<<END`")
    }
  }
}
