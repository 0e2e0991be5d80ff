# Runs the steps of a pipeline in one checkout, as Greenroom does on one machine.
#
# CodeBuild sources this text and then keeps what is exported. So nothing here calls `exit`, and
# the verdict is left in GREENROOM_FAILURE for the command that follows: what is exported is kept
# for certain only when a command ends well.
#
# GREENROOM_FAILURE is empty, or one of
#   step: <why>          the step in GREENROOM_STEP said no
#   timeout: <seconds>   it took longer than that
#   digest               the artifact is not the one that was verified; no step ran
#   artifact: <why>      the artifact cannot be had or kept; nobody can tell

GREENROOM_STEP=
GREENROOM_FAILURE=
export GREENROOM_STEP GREENROOM_FAILURE
greenroom_root=$PWD
greenroom_work=$(mktemp -d) || GREENROOM_FAILURE='artifact: no temporary folder can be made'
greenroom_outputs=$greenroom_work/outputs
mkdir -p "$greenroom_outputs"

greenroom_fail() {
  GREENROOM_FAILURE=$1
  printf 'greenroom: %s\n' "$1" >&2
  return 1
}

greenroom_sha256() {
  sha256sum <"$1" | cut -c 1-64
}

# NAME SECONDS OUTPUTS COMMAND. Output names are separated by blanks.
greenroom_step() {
  GREENROOM_STEP=$1
  printf 'greenroom: step %s\n' "$1"
  rm -rf "$greenroom_work/output" "$greenroom_work/ended" "$greenroom_work/late"
  : >"$greenroom_work/output"
  greenroom_began=$(date +%s)
  GREENROOM_OUTPUT=$greenroom_work/output timeout -k 5 "$2" \
    /bin/sh -c "$greenroom_inner" "$4" "$greenroom_work" </dev/null
  greenroom_code=$?
  if [ -e "$greenroom_work/ended" ]; then
    read -r greenroom_code <"$greenroom_work/ended"
  elif [ -e "$greenroom_work/late" ] || [ $(($(date +%s) - greenroom_began)) -ge "$2" ]; then
    greenroom_fail "timeout: $2"
    return 1
  else
    greenroom_fail "step: it was ended from outside (status $greenroom_code)"
    return 1
  fi
  if [ "$greenroom_code" != 0 ]; then
    greenroom_fail "step: exit code $greenroom_code"
    return 1
  fi
  greenroom_take "$3"
}

# What the step told by its output file; OUTPUTS are the names it may.
greenroom_take() {
  greenroom_file=$greenroom_work/output
  [ -e "$greenroom_file" ] || [ -L "$greenroom_file" ] || return 0
  if [ -L "$greenroom_file" ] || [ ! -f "$greenroom_file" ]; then
    greenroom_fail 'step: the output file was replaced by something that is no file'
    return 1
  fi
  if [ "$(wc -c <"$greenroom_file")" -gt 65536 ]; then
    greenroom_fail 'step: the output file has more than 65536 bytes'
    return 1
  fi
  # A variable holds no NUL, and what goes to CodePipeline is a variable.
  if ! iconv -f UTF-8 -t UTF-8 <"$greenroom_file" >/dev/null 2>&1 ||
    [ "$(tr -dc '\000' <"$greenroom_file" | wc -c)" -ne 0 ]; then
    greenroom_fail 'step: the output file is not UTF-8'
    return 1
  fi
  greenroom_ended=$(tail -c 1 "$greenroom_file" | wc -l)
  greenroom_why=$(LC_ALL=C GREENROOM_ENDED=$greenroom_ended GREENROOM_OUTPUTS=$1 \
    GREENROOM_INTO=$greenroom_outputs awk "$greenroom_awk" <"$greenroom_file") || {
    greenroom_fail "step: $greenroom_why"
    return 1
  }
  greenroom_total=$(find "$greenroom_outputs" -type f -size +0 -exec cat {} + | wc -c)
  greenroom_names=$(ls "$greenroom_outputs" | tr -d '\n' | wc -c)
  if [ $((greenroom_total + greenroom_names)) -gt 32768 ]; then
    greenroom_fail 'step: the outputs have more than 32768 bytes in all'
    return 1
  fi
}
