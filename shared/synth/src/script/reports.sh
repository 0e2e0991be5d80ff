# Keeps what steps report, as files: whoever looks at the build reads them. A report that is not as it
# has to be fails no build. Steps may leave anything, so no symbolic link is followed.
greenroom_reports=$greenroom_work/reports.tar
greenroom_room=33554432

# PATTERN: the files of the checkout that match: inode, size, time, path.
greenroom_matching() {
  (cd "$greenroom_root" && LC_ALL=C find . -name .git -prune -o -type f -regextype posix-extended \
    -regex "$1" ! -path '*
*' -printf '%i %s %T@ %P\n') | head -n 1001
}

# PLACE PATTERN: what came with the commit is no report of a step.
greenroom_before() {
  greenroom_matching "$2" >"$greenroom_work/before-$1"
}

# PLACE WHY: tells why there is nothing.
greenroom_no_report() {
  printf '%s' "$2" >"$greenroom_work/$1.why"
  tar -C "$greenroom_work" --format=gnu -rf "$greenroom_reports" "$1.why"
}

# PLACE PATTERN: keeps what matches, but for what was there before.
greenroom_collect() {
  greenroom_matching "$2" >"$greenroom_work/now"
  [ -s "$greenroom_work/now" ] || return 0
  if [ "$(wc -l <"$greenroom_work/now")" -gt 1000 ]; then
    greenroom_no_report "$1" many
    return
  fi
  if [ ! -e "$greenroom_work/before-$1" ]; then
    cp "$greenroom_work/now" "$greenroom_work/fresh"
  elif [ "$(wc -l <"$greenroom_work/before-$1")" -gt 1000 ]; then
    greenroom_no_report "$1" unknown
    return
  elif ! LC_ALL=C grep -vxF -f "$greenroom_work/before-$1" <"$greenroom_work/now" \
    >"$greenroom_work/fresh"; then
    greenroom_no_report "$1" stale
    return
  fi
  greenroom_total=$(awk '$2 > 8388608 { $2 = 99999999 } { all += $2 } END { printf "%d", all }' \
    <"$greenroom_work/fresh")
  if [ "$greenroom_total" -gt "$greenroom_room" ]; then
    greenroom_no_report "$1" large
    return
  fi
  greenroom_room=$((greenroom_room - greenroom_total))
  sed 's/^[^ ]* [^ ]* [^ ]* //' <"$greenroom_work/fresh" >"$greenroom_work/list"
  tar -C "$greenroom_root" --format=gnu --hard-dereference --no-recursion --verbatim-files-from \
    -T "$greenroom_work/list" --transform "s,^,$1/," -rf "$greenroom_reports" ||
    greenroom_no_report "$1" gone
}

# Puts all of it into the store, by its content.
greenroom_report() {
  gzip -n -c <"$greenroom_reports" >"$greenroom_reports.gz" &&
    greenroom_put "$greenroom_reports.gz" reports || {
    greenroom_fail 'artifact: the reports cannot be put into the store'
    return 1
  }
  GREENROOM_REPORTS=sha256:$greenroom_hex
}
