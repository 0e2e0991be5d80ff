# A value is put under its own name only now: an output may be called what a step would read.
greenroom_export() {
  for greenroom_output do
    unset "$greenroom_output"
    if [ -z "$GREENROOM_FAILURE" ] && [ -e "$greenroom_outputs/$greenroom_output" ]; then
      greenroom_value=$(cat "$greenroom_outputs/$greenroom_output"; printf x)
      export "$greenroom_output=${greenroom_value%x}"
    fi
  done
}
