# Packs PATH of the checkout and keeps it by its content. Times, owners, umask and the order in
# which a folder lists its files are normalised away, so that the same files give the same bytes.
greenroom_pack() {
  greenroom_path=$1
  greenroom_bad="step: it ended well, but its artifact cannot be taken:"
  greenroom_at=$(cd "$greenroom_root" && realpath -e -- "$greenroom_path" 2>/dev/null) || {
    greenroom_fail "$greenroom_bad there is no $greenroom_path"
    return 1
  }
  case $greenroom_at/ in
    "$(realpath -e -- "$greenroom_root")"/*) ;;
    *)
      greenroom_fail "$greenroom_bad $greenroom_path is a link that leaves the checkout"
      return 1
      ;;
  esac
  if [ -d "$greenroom_at" ]; then
    greenroom_folder=$greenroom_at greenroom_entry=.
    if [ -z "$(ls -A -- "$greenroom_at")" ]; then
      greenroom_fail "$greenroom_bad $greenroom_path is empty"
      return 1
    fi
  else
    # By the name the stage file says, which may be a link's.
    greenroom_folder=$greenroom_work/alone greenroom_entry=${greenroom_path##*/}
    mkdir -p "$greenroom_folder" && cp -p -- "$greenroom_at" "$greenroom_folder/$greenroom_entry" || {
      greenroom_fail "artifact: $greenroom_path cannot be read"
      return 1
    }
  fi
  greenroom_tar=$greenroom_work/artifact.tar.gz
  greenroom_unsafe=$(cd "$greenroom_folder" && greenroom_check_entries "./$greenroom_entry") || {
    greenroom_fail "$greenroom_bad $greenroom_unsafe"
    return 1
  }
  LC_ALL=C tar --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
    --mode='u=rwX,go=rX' --hard-dereference -C "$greenroom_folder" -cf "$greenroom_work/artifact.tar" \
    -- "$(greenroom_name "$greenroom_entry")" &&
    gzip -n -c <"$greenroom_work/artifact.tar" >"$greenroom_tar" &&
    rm -f "$greenroom_work/artifact.tar" || {
    greenroom_fail "artifact: $greenroom_path cannot be packed"
    return 1
  }
  GREENROOM_SIZE=$(wc -c <"$greenroom_tar" | tr -d ' ')
  if [ "$GREENROOM_SIZE" -gt 2147483648 ]; then
    greenroom_fail "$greenroom_bad $greenroom_path packs to more than 2147483648 bytes"
    return 1
  fi
  greenroom_put "$greenroom_tar" artifacts || {
    greenroom_fail 'artifact: it cannot be put into the store'
    return 1
  }
  GREENROOM_DIGEST=sha256:$greenroom_hex
  printf 'greenroom: %s is the artifact %s\n' "$greenroom_path" "$GREENROOM_DIGEST"
}

# A name that begins with `-` or `@` is no option.
greenroom_name() {
  [ "$1" = . ] && printf '%s' . || printf './%s' "$1"
}

# Says what cannot be carried to another place, and fails.
greenroom_check_entries() {
  greenroom_odd=$(find "$1" ! -type f ! -type d ! -type l | head -n 1)
  if [ -n "$greenroom_odd" ]; then
    printf '%s is a device, a socket or a named pipe' "$greenroom_odd"
    return 1
  fi
  greenroom_odd=$(find "$1" -type l -exec /bin/sh -c '
    set -f
    for link do
      target=$(readlink -- "$link"; printf x) target=${target%??} depth=-1 named=
      IFS=/
      for part in $link; do [ "$part" = . ] || depth=$((depth + 1)); done
      case $target in /*) depth=-2 ;; esac
      for part in $target; do
        case $part in
          "" | .) ;;
          ..) if [ -n "$named" ] || [ "$depth" -le 0 ]; then depth=-2; else depth=$((depth - 1)); fi ;;
          *) named=1 ;;
        esac
      done
      unset IFS
      [ "$depth" -ge 0 ] || printf "%s\n" "$link"
    done' sh {} + | head -n 1)
  if [ -n "$greenroom_odd" ]; then
    printf '%s is a link that leaves the artifact' "$greenroom_odd"
    return 1
  fi
}
