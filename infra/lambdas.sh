#!/usr/bin/env bash
# Builds every function into .build/lambda/<function>/bootstrap, for the architecture that is asked
# for or, if nobody asks, for arm64 where this toolchain can build it and for this machine otherwise.
#   ARCHITECTURE=arm64|x86_64   PROFILE=lambda (small and quick to start) | dev (quick to build)
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${PROFILE:-lambda}
host=$(rustc -vV | sed -n 's/^host: \([^-]*\).*/\1/p')
arm=aarch64-unknown-linux-gnu
has_arm() {
    [ "$host" = aarch64 ] || { [ -d "$(rustc --print target-libdir --target $arm)" ] && [ -x .tools/bin/cargo-lambda ]; }
}
architecture=${ARCHITECTURE:-}
if [ -z "$architecture" ]; then
    if has_arm; then
        architecture=arm64
    else
        architecture=x86_64
        echo "This toolchain cannot build for arm64, which is cheaper to run, so this is x86_64." >&2
        echo "\`rustup target add $arm\` and \`make setup\` would change that." >&2
    fi
elif [ "$architecture" = arm64 ] && ! has_arm; then
    echo "This toolchain cannot build for arm64: \`rustup target add $arm\` and \`make setup\`, or ARCHITECTURE=x86_64" >&2
    exit 1
fi

functions=$(ls functions)
packages=$(for function in $functions; do echo "-p greenroom-$function"; done)
bins=$(for function in $functions; do echo "--bin $function"; done)
target=${CARGO_TARGET_DIR:-target}
case "$architecture-$host" in
    arm64-aarch64 | x86_64-x86_64)
        # shellcheck disable=SC2086
        cargo build --locked --profile "$profile" $packages $bins
        built=$target/$([ "$profile" = dev ] && echo debug || echo "$profile")
        ;;
    arm64-x86_64)
        # What is missing is said above; cargo-lambda would fetch it unasked.
        # shellcheck disable=SC2086
        PATH=$PWD/.tools/bin:$PATH cargo lambda build --locked --profile "$profile" --arm64 --skip-target-check $packages $bins
        built=$target/$arm/$([ "$profile" = dev ] && echo debug || echo "$profile")
        ;;
    *)
        echo "A $host machine cannot build for $architecture here." >&2
        exit 1
        ;;
esac

# The functions run on Amazon Linux 2023, whose C library is 2.34: what needs a newer one does not start.
newest() {
    objdump -T "$1" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1
}
rm -rf .build/lambda
for function in $functions; do
    mkdir -p ".build/lambda/$function"
    strip -o ".build/lambda/$function/bootstrap" "$built/$function"
    needs=$(newest ".build/lambda/$function/bootstrap")
    if [ "$(printf '%s\n' "$needs" GLIBC_2.34 | sort -V | tail -1)" != GLIBC_2.34 ]; then
        echo "$function needs $needs, and Amazon Linux 2023 has GLIBC_2.34: build it on an older system, or with ARCHITECTURE=arm64" >&2
        exit 1
    fi
done
echo "$architecture" > .build/lambda/architecture
du -b .build/lambda/*/bootstrap
