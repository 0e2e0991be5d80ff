#!/usr/bin/env bash
# Deploys what infra/lambdas.sh built to the AWS account that the environment names.
#   STACK=greenroom   PARAMETERS="AlertsEmail=team@example.com AlarmsEmail=ops@example.com"
set -euo pipefail
cd "$(dirname "$0")/.."
export SAM_CLI_TELEMETRY=0 AWS_PAGER=
PATH=$PWD/.tools/bin:$PATH
stack=${STACK:?say what the stack is called: make deploy STACK=greenroom}
: "${AWS_REGION:=${AWS_DEFAULT_REGION:?set AWS_REGION to the region to deploy to}}"
export AWS_REGION
parameters=${PARAMETERS:-}
account=$(aws sts get-caller-identity --query Account --output text) || {
    echo "There are no credentials for AWS: \`aws configure\`, or AWS_PROFILE" >&2
    exit 1
}
echo "Deploying $stack to account $account in $AWS_REGION."

# The two secrets that nobody has to know are made up; whoever needs one reads it there.
of() {
    local given
    given=$(printf '%s\n' $parameters | sed -n "s/^$1=//p")
    echo "${given:-$2}"
}
made_up() {
    local name=$1
    aws secretsmanager describe-secret --secret-id "$name" >/dev/null 2>&1 && return
    aws secretsmanager create-secret --name "$name" --description "$2" \
        --secret-string "$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >/dev/null
    echo "Made the secret $name ($2)."
}
made_up "$(of WebhookSecret greenroom/webhook)" "what GitHub signs webhooks with"
made_up "$(of TokenSecret greenroom/token)" "the token of Greenroom's API"
github=$(of GitHubSecret greenroom/github)
aws secretsmanager describe-secret --secret-id "$github" >/dev/null 2>&1 ||
    echo "There is no secret $github yet: until it holds a credential for GitHub, no stage file can be read." >&2

# shellcheck disable=SC2086
sam deploy --template-file infra/template.yaml --stack-name "$stack" --resolve-s3 \
    --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --no-confirm-changeset --no-fail-on-empty-changeset \
    --parameter-overrides "Architecture=$(cat .build/lambda/architecture)" $parameters
aws cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' --output text
