#!/bin/bash
# Every check of the repository, with what a fresh Debian lacks installed first. `make check` and
# `.ci/run` call it. All steps run even where one fails; the last line says how it went.
set -uo pipefail
# A shell that runs this in the background has it ignore SIGINT, and so would every program tested.
[ -n "${PAGER_CHECK_SIGNALS:-}" ] || PAGER_CHECK_SIGNALS=default exec env --default-signal "$0" "$@"
cd "$(dirname "$(realpath "$0")")/.." || exit 1
# The tests answer as a person does: what runs in an agent's environment would be refused.
unset CLAUDECODE CLAUDE_CODE_CHILD_SESSION CLAUDE_CODE_SESSION_ID AI_AGENT GEMINI_CLI CURSOR_AGENT OPENCODE
unset CODEX_THREAD_ID CODEX_SESSION_ID CODEX_TOOL_CALL_ID CODEX_SANDBOX CODEX_SANDBOX_NETWORK_DISABLED
export DEBIAN_FRONTEND=noninteractive
export PATH=$HOME/.cargo/bin:$PATH

root=$([ "$(id -u)" = 0 ] && echo yes || echo no)
# Root in a confined container is not enough to boot a system.
boots=$([ "$root" = yes ] && unshare --mount true 2>/dev/null && echo yes || echo no)
failed=()

# step NAME COMMAND…
step() {
    local name=$1 start=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if "$@" </dev/null; then
        printf '== %s: done in %s s\n' "$name" $((SECONDS - start))
    else
        printf '== %s: FAILED (status %s)\n' "$name" $?
        failed+=("$name")
    fi
}

# Tools by the Debian package that has them.
tools=(
    gcc:gcc g++:g++ make:make git:git
    dh:debhelper dpkg-buildpackage:dpkg-dev lintian:lintian rpmbuild:rpm rpmlint:rpmlint mandoc:mandoc
    dbus-daemon:dbus systemd-analyze:systemd
    desktop-file-validate:desktop-file-utils appstreamcli:appstream
)
# For the booted system, which only root can have.
system_tools=(mmdebstrap:mmdebstrap systemd-nspawn:systemd-container npm:npm unshare:util-linux)

install_tools() {
    local packages=() pair
    [ "$boots" = no ] || tools+=("${system_tools[@]}")
    for pair in "${tools[@]}"; do
        command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
    done
    # The headers of the C library are no program to look for.
    [ -e /usr/include/stdlib.h ] || packages+=(libc6-dev)
    if [ ${#packages[@]} -gt 0 ] && [ "$root" = no ]; then
        echo "not installed, and only root can: apt-get install ${packages[*]}"
        return 1
    fi
    if [ "$root" = yes ]; then
        # The booted system is made from the same lists.
        apt-get update -qq || return
        [ ${#packages[@]} -eq 0 ] ||
            apt-get install -qq --yes --no-install-recommends "${packages[@]}" || return
    fi
    if ! command -v cargo >/dev/null; then
        echo "no cargo: install Rust as https://rustup.rs says; Cargo.toml names the version"
        return 1
    fi
    if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
        rustup component add rustfmt clippy
    fi
}

packages() {
    make --no-print-directory deb && make --no-print-directory rpm
}

dependencies() {
    local deny=target/tools/bin/cargo-deny
    if command -v cargo-deny >/dev/null; then
        deny=cargo-deny
    elif [ ! -x $deny ]; then
        cargo install --quiet --locked --root target/tools cargo-deny || return
    fi
    # It looks at what every platform would use, and a build fetches what this one does.
    cargo fetch --locked --quiet || return
    # Licences, sources and duplicates. Known advisories change by the day, and no commit of ours
    # makes them: they are looked at apart from this.
    $deny --offline --locked check --hide-inclusion-graph bans licenses sources
}

lints() {
    local lint=(cargo clippy --locked --release --all-targets --quiet)
    # What the fuzz targets depend on would have much of the rest built anew: they stand apart.
    "${lint[@]}" --workspace --exclude pager-fuzz -- -D warnings &&
        "${lint[@]}" --package pager-fuzz --features targets -- -D warnings
}

demo() {
    make --no-print-directory demo ANSWER=allow && make --no-print-directory demo ANSWER=deny
}

tests() {
    # Elsewhere the suite itself says why it does not run.
    [ "$boots" = no ] || export PAGER_SYSTEM=required
    # In the profile that is shipped: what is built once serves the packages, the demo and the tests.
    rm -rf target/system/failed
    cargo test --locked --release --workspace --exclude pager-fuzz --no-fail-fast 2>&1 | tee target/tests.log
    local status=${PIPESTATUS[0]}
    [ "$status" = 0 ] || failures_again
    return "$status"
}

# What failed, at the end of a long log, where it is looked for: the shortest last.
failures_again() {
    local log
    for log in target/system/failed/*.log; do
        [ -e "$log" ] || continue
        printf '\n== the end of %s\n' "$log"
        tail -n 60 "$log" | cut -c 1-300
    done
    printf '\n== what failed, once more\n'
    awk '/^failures:$/ { shown = 1 } /^test result:/ { shown = 0 } shown && NF' target/tests.log
    printf '\n== in short\n'
    awk '/^failures:$/ { shown = 1 } /^test result:/ { shown = 0 } /^---- / { lines = 0 }
        shown && NF && lines++ < 5 { print substr($0, 1, 300) }' target/tests.log
}

step 'what a fresh machine lacks' install_tools
if [ ${#failed[@]} -gt 0 ] && ! command -v cargo >/dev/null; then
    exit 1
fi

CARGO_BUILD_RUSTFLAGS=$(make --no-print-directory flags)
export CARGO_BUILD_RUSTFLAGS

# The Debian tree waits for its mirror and the compiler for its processor: side by side.
mkdir -p target/system
if [ "$boots" = yes ]; then
    tests/system/prepare.sh target/system </dev/null >target/system/prepare.log 2>&1 &
    preparing=$!
fi

step 'format' cargo fmt --all --check
step 'packages' packages
step 'lints' lints
# Much of what follows waits, or keeps one processor busy. 'fuzz targets' waits for it and says what is
# wrong, if anything is.
tests/fuzz/run.sh build </dev/null >/dev/null 2>&1 &
step 'dependencies' dependencies
step 'what is packed' packaging/check.sh
step 'demo' demo
if [ "$boots" = yes ]; then
    step 'a Debian system to boot' wait "$preparing"
    cat target/system/prepare.log
fi
# What fuzzing finds depends on chance, and on every change of the code. Here it is held to what it has
# found before; `tests/fuzz/run.sh SECONDS` looks for more.
step 'fuzz targets' tests/fuzz/run.sh seeds
step 'tests' tests

if [ ${#failed[@]} -gt 0 ]; then
    printf '\nmake check: FAILED after %s s: %s\n' $SECONDS "$(IFS=,; echo "${failed[*]}")"
    exit 1
fi
printf '\nmake check: everything passed in %s s\n' $SECONDS
[ "$boots" = yes ] || echo 'but the system suite was not run: it needs root, and to be allowed to mount'
