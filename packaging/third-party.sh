#!/bin/sh
# Prints the notices of every crate that is linked into the programs: what the
# licences ask of whoever hands out the binaries. Each text is printed once.
set -eu

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sources() { # name-version, name: the folder the crate was built from
    for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$1" "vendor/$1" "vendor/$2"; do
        if [ -d "$folder" ]; then
            printf '%s\n' "$folder"
            return
        fi
    done
    printf 'third-party.sh: no source of %s: run cargo fetch\n' "$1" >&2
    exit 1
}

mkdir "$work/texts"
${CARGO:-cargo} tree --locked --edges normal,no-proc-macro --prefix none \
    --package pagerd --package pagerctl --package pager-hook --format '{p}|{l}|{r}' |
    sed -e '/^$/d' -e '/(\//d' -e 's/ ([^|]*)|/|/' -e 's/ (\*)$//' -e 's/ v\([0-9]\)/ \1/' | LC_ALL=C sort -u >"$work/crates"

cat <<'TEXT'
The programs of pager are linked with the crates listed here. The list is
followed by every licence text and notice that came with them, each once.

TEXT

while IFS='|' read -r crate licence home; do
    printf '%s: %s\n    %s\n' "$crate" "${licence:-see below}" "$home"
    name=${crate% *}
    folder=$(sources "$name-${crate#* }" "$name")
    for text in "$folder"/LICEN* "$folder"/COPYING* "$folder"/COPYRIGHT* "$folder"/NOTICE*; do
        [ -f "$text" ] || continue
        sum=$(sha256sum <"$text")
        sum=${sum%% *}
        printf '%s\n' "$crate" >>"$work/texts/$sum.crates"
        cp "$text" "$work/texts/$sum.text"
    done
done <"$work/crates"

for text in "$work"/texts/*.text; do
    printf '\n%s\n' '------------------------------------------------------------------------'
    LC_ALL=C sort -u "${text%.text}.crates" | paste -sd , | sed 's/,/, /g'
    printf '\n'
    tr -d '\r' <"$text"
done
