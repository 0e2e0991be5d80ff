# FILE FOLDER: keeps a file by its content, and leaves its digest in `greenroom_hex`.
greenroom_put() {
  greenroom_hex=$(greenroom_sha256 "$1")
  # S3 compares what it got with this and refuses anything else.
  greenroom_sum=$(printf "$(printf '%s' "$greenroom_hex" | awk '{
    for (i = 1; i <= 64; i += 2)
      printf "\\%03o", (index("0123456789abcdef", substr($0, i, 1)) - 1) * 16 \
        + index("0123456789abcdef", substr($0, i + 1, 1)) - 1 }')" | base64)
  aws s3api put-object --bucket "$GREENROOM_ARTIFACTS" --key "$2/$greenroom_hex.tar.gz" \
    --body "$1" --checksum-sha256 "$greenroom_sum" >/dev/null
}
