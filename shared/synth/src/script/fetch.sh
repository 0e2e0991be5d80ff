# Gets the artifact, and nothing of it is unpacked before its bytes were found to be the right ones.
greenroom_fetch() {
  [ "$GREENROOM_DIGEST" = none ] && return 0
  greenroom_hex=${GREENROOM_DIGEST#sha256:}
  case $greenroom_hex in
    "$GREENROOM_DIGEST" | *[!0-9a-f]*) greenroom_hex= ;;
  esac
  if [ ${#greenroom_hex} -ne 64 ]; then
    greenroom_fail digest
    return 1
  fi
  greenroom_tar=$greenroom_work/artifact.tar.gz
  aws s3api get-object --bucket "$GREENROOM_ARTIFACTS" --key "artifacts/$greenroom_hex.tar.gz" \
    "$greenroom_tar" >/dev/null || {
    greenroom_fail "artifact: $GREENROOM_DIGEST cannot be had from the store"
    return 1
  }
  greenroom_found=$(greenroom_sha256 "$greenroom_tar")
  if [ "$greenroom_found" != "$greenroom_hex" ]; then
    printf 'greenroom: the artifact %s is not what was built: its bytes have the digest sha256:%s\n' \
      "$GREENROOM_DIGEST" "$greenroom_found" >&2
    greenroom_fail digest
    return 1
  fi
  GREENROOM_ARTIFACT=$greenroom_work/artifact
  mkdir "$GREENROOM_ARTIFACT" && tar --no-same-owner -xzf "$greenroom_tar" -C "$GREENROOM_ARTIFACT" || {
    greenroom_fail 'artifact: it cannot be unpacked'
    return 1
  }
  # A folder begins with an entry for itself; a file is alone.
  if [ "$(tar -tzf "$greenroom_tar" 2>/dev/null | head -n 1)" != ./ ]; then
    GREENROOM_ARTIFACT=$(find "$GREENROOM_ARTIFACT" -mindepth 1 -maxdepth 1)
  fi
  GREENROOM_ARTIFACT_DIGEST=$GREENROOM_DIGEST
  export GREENROOM_ARTIFACT GREENROOM_ARTIFACT_DIGEST
  printf 'greenroom: the artifact is %s\n' "$GREENROOM_DIGEST"
}
