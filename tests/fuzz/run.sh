#!/bin/bash
# Builds the fuzz targets and runs each for a bounded time, from the seeds and from what earlier runs
# have found, or over the seeds alone.
#
# usage: tests/fuzz/run.sh [build]                   builds them and no more
#        tests/fuzz/run.sh SECONDS [TARGET…]         all of them where none is named
#        tests/fuzz/run.sh seeds [TARGET…]           each seed once, for a check that must not fail by
#                                                    chance: what is found is put among the seeds
#
# libFuzzer, which its crate builds with a C++ compiler, needs the Rust compiler's coverage marks. The
# stable one can make them; only the sanitizers need a nightly one, and there is no unsafe code here
# for them to look at. The flags are those of cargo-fuzz, so that nobody needs it.
# What was found stays in target/fuzz/corpus, and what failed in target/fuzz/failed.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."

seconds=${1:-build}
shift || true
host=$(rustc -vV | sed -n 's/^host: //p')
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(basename -s .rs tests/fuzz/targets/*.rs)

marks=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Ccodegen-units=1
)
# A target that is named keeps the marks from build scripts and macros, which run on their own.
RUSTFLAGS="${marks[*]}" cargo build --quiet --locked --profile fuzz --package pager-fuzz \
    --features targets,libfuzzer-sys/link_libfuzzer --target "$host" --target-dir target/fuzz
[ "$seconds" != build ] || exit 0

mkdir -p target/fuzz/failed
if [ "$seconds" = seeds ]; then
    kept=target/fuzz/none bounds=(-runs=0)
    rm -rf "$kept"
else
    kept=target/fuzz/corpus bounds=(-max_total_time="$seconds")
fi
run() { # target
    local found=$kept/$1 log=target/fuzz/$1.log program=target/fuzz/$host/fuzz/$1
    local seeds=("tests/fuzz/seeds/$1")
    # The agents' adapters have examples of every event.
    [ "$1" != hook_event ] || seeds+=(src/agents/tests/claude src/agents/tests/codex)
    mkdir -p "$found"
    if "$program" "${bounds[@]}" -timeout=10 -rss_limit_mb=2048 -dict=tests/fuzz/words.dict \
        -artifact_prefix="target/fuzz/failed/$1-" "$found" "${seeds[@]}" >"$log" 2>&1; then
        printf '%-14s %s\n' "$1" "$(grep '^Done ' "$log")"
    else
        # With the input, which is nowhere else if this machine is gone afterwards.
        tail -n 20 "$log" | cut -c 1-6000
        echo "$1: FAILED; the whole is in $log, and $program FILE shows it again"
        return 1
    fi
}

# One on each processor.
status=0 running=0
for target in "${targets[@]}"; do
    if [ $running = "$(nproc)" ]; then
        wait -n || status=1
        running=$((running - 1))
    fi
    run "$target" &
    running=$((running + 1))
done
for ((; running > 0; running--)); do
    wait -n || status=1
done
exit $status
