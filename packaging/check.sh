#!/bin/sh
# Checks the packages that `make deb rpm` left in target/packages: the same files
# everywhere, units that load, pages and completions that parse, lint.
#
# A tool that is missing is named and fails the check: tests/check.sh installs them.
set -u

cd "$(dirname "$0")/.."
packages=target/packages
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

check() { # what, command...: silence and status 0 is right
    what=$1
    shift
    if output=$("$@" 2>&1) && [ -z "$output" ]; then
        printf 'ok      %s\n' "$what"
    else
        printf 'FAILED  %s\n%s\n' "$what" "$output"
        failed=1
    fi
}

# What the formats add, or compress, or keep elsewhere, brought back to one form.
plain() {
    sed -e 's/\.gz$//' -e 's|/zsh/vendor-completions/|/zsh/site-functions/|' \
        -e '/\/changelog\.Debian$/d' -e '/\/lintian\/overrides\//d' | LC_ALL=C sort
}
staged() {
    DESTDIR=$work/stage PREFIX=/usr packaging/install.sh install &&
        (cd "$work/stage" && find . -type f) | sed 's/^\.//' | plain
}
in_deb() { dpkg-deb --fsys-tarfile "$packages"/pager_*.deb | tar -t | sed -e 's/^\.//' -e '/\/$/d' | plain; }
in_rpm() { rpm -qplv "$packages"/pager-*.rpm | sed -n 's|^-.* /|/|p' | plain; }

same_files() {
    staged >"$work/install" && in_deb >"$work/deb" && in_rpm >"$work/rpm" || return
    [ -s "$work/install" ] || return
    diff -u "$work/install" "$work/deb" && diff -u "$work/install" "$work/rpm"
}
same_bytes() { # of what is packed again
    mkdir -p "$work/again" && packaging/build-deb.sh "$work/again" >"$work/built" 2>&1 &&
        packaging/build-rpm.sh "$work/again" "$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)" \
            >>"$work/built" 2>&1 || {
        cat "$work/built"
        return 1
    }
    for package in "$packages"/*.deb "$packages"/*.rpm; do
        cmp "$package" "$work/again/${package##*/}" || return
    done
}
nobody_in_it() { # no program names a folder of whoever has built it
    grep -alF -e "$PWD/" -e "${CARGO_HOME:-$HOME/.cargo}/" target/release/pagerd target/release/pagerctl target/release/pager-hook
    return 0
}
other_prefix() { # nothing may still point into /usr
    DESTDIR=$work/opt PREFIX=/opt/pager packaging/install.sh install || return
    ! grep -rn '=/usr/' "$work/opt/opt/pager/lib/systemd" "$work/opt/opt/pager/share/dbus-1" &&
        grep -q '^ExecStart=/opt/pager/libexec/pagerd$' "$work/opt/opt/pager/lib/systemd/user/pager.service"
}
uninstalls() {
    DESTDIR=$work/stage PREFIX=/usr packaging/install.sh uninstall && find "$work/stage" -type f
}

units() {
    # ExecStart= must exist where it is looked for: a copy of the units says where.
    mkdir -p "$work/units" && cp systemd/pager.socket "$work/units" &&
        sed "s|@libexecdir@|$PWD/target/release|" systemd/pager.service.in >"$work/units/pager.service" &&
        XDG_RUNTIME_DIR=$work systemd-analyze --user --man=no verify "$work/units/pager.service" "$work/units/pager.socket"
}
exposure() {
    # What is left is what a user manager cannot take away without a user namespace.
    systemd-analyze security --offline=true --threshold=62 "$work/units/pager.service" >/dev/null
}
credentials() {
    # One that is named without a path keeps the service from starting on systemd 256 and newer, where
    # it is missing: older ones, such as the tests boot, would not show it.
    ! grep -E '^(Load|Import)Credential' systemd/*.in
}
one_name() { # the bus name and the unit are the same wherever they are written
    grep -q '^Name=org.pagerd.Pager1$' dbus/org.pagerd.Pager1.service &&
        grep -q '^SystemdService=pager.service$' dbus/org.pagerd.Pager1.service
}
catalogue() { # journalctl parses it
    mkdir -p "$work/root/usr/lib/systemd/catalog" "$work/root/var/lib/systemd/catalog" &&
        cp systemd/pager.catalog "$work/root/usr/lib/systemd/catalog" &&
        journalctl --root="$work/root" --update-catalog &&
        journalctl --root="$work/root" --list-catalog | grep -c '^[0-9a-f]\{32\} pager: ' >"$work/listed"
    [ "$(cat "$work/listed")" = "$(grep -c '^-- ' systemd/pager.catalog)" ] || return
    # Fields whose name has a digit are not filled in.
    ! grep '@[A-Z_]*[0-9][A-Z0-9_]*@' systemd/pager.catalog
}

desktop() { # the name and the icon of notifications: what the hint says, and the files are called
    desktop-file-validate packaging/desktop/*.desktop &&
        appstreamcli validate --no-net packaging/desktop/*.metainfo.xml >"$work/appstream" || {
        cat "$work/appstream"
        return 1
    }
    for program in $(sed -n 's/^Exec=//p' packaging/desktop/*.desktop); do
        grep -q "^target/release/$program " packaging/install.list || printf 'no program %s\n' "$program"
    done
}

pages() { # the database of mandoc is not everywhere: references() looks instead
    mandoc -Tlint man/*.[0-9] 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db'
    return 0
}
references() { # a page of pager's that a page refers to is there
    grep -ho '^\.Xr [^ ]*pager[^ ]* [0-9]' man/*.[0-9] | sort -u | while read -r _ name section; do
        [ -f "man/$name.$section" ] || printf 'no page %s(%s)\n' "$name" "$section"
    done
}
# The options, and for pagerctl the verbs, that --help of the programs names.
options() { "$@" --help | grep -o -e '--[a-z][a-z-]*' | sort -u; }
verbs() { "$@" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p'; }
# Names what of standard input a text lacks.
missing() { # text, what it is
    while read -r word; do
        grep -q -e "\(^\|[^a-z-]\)$word\([^a-z-]\|\$\)" "$1" || printf '%s lacks %s\n' "$2" "$word"
    done
}
command_line() { # everything a program takes
    options "$@" && for verb in $(verbs "$@"); do
        printf '%s\n' "$verb" && command_line "$@" "$verb"
    done
}
described() {
    for page in pagerd.8 pagerctl.1 pager-hook.1; do
        program=target/release/${page%.*}
        mandoc -T utf8 "man/$page" | col -bx >"$work/text" && [ -x "$program" ] || return
        command_line "$program" | sort -u >"$work/words"
        [ -s "$work/words" ] || printf '%s --help is empty\n' "$program"
        missing "$work/text" "man/$page" <"$work/words"
    done
}
interfaces() {
    mandoc -T utf8 man/org.pagerd.Pager1.5 | col -bx >"$work/text" &&
        sed -n 's/.*<\(interface\|method\|signal\|property\) name="\([^"]*\)".*/\2/p' dbus/*.xml |
        missing "$work/text" man/org.pagerd.Pager1.5
}
completed() {
    command_line target/release/pagerctl | sort -u >"$work/words" && [ -s "$work/words" ] || return
    for shell in pagerctl _pagerctl; do
        missing packaging/completions/$shell packaging/completions/$shell <"$work/words"
    done
    # fish gives options without their dashes.
    sed 's/^--//' "$work/words" | missing packaging/completions/pagerctl.fish packaging/completions/pagerctl.fish
    bash -n packaging/completions/pagerctl
}

lint_deb() { # silence, but for the word that a package is better not checked as root
    lintian --fail-on error,warning "$packages"/pager_*.deb 2>&1 | grep -v 'running with root privileges'
    return 0
}
lint_rpm() {
    rpmlint -c packaging/rpm/rpmlint.toml "$packages"/pager-*.rpm >"$work/rpmlint" || cat "$work/rpmlint"
    grep ': [EW]: ' "$work/rpmlint"
    return 0
}
shell() {
    for script in packaging/*.sh; do sh -n "$script" || return; done
}

check 'make install, .deb and .rpm hold the same files' same_files
check 'make uninstall leaves no file' uninstalls
check 'packed again, the packages have the same bytes' same_bytes
check 'the programs tell nothing of where they were built' nobody_in_it
check 'another PREFIX is followed everywhere' other_prefix
check 'units load' units
check 'the unit stays as confined as it is' exposure
check 'the unit needs no credential' credentials
check 'the D-Bus activation file names the unit' one_name
check 'the message catalogue is read whole' catalogue
check 'the desktop entry and the metadata are valid' desktop
check 'manual pages are clean' pages
check 'manual pages refer to pages that exist' references
check 'manual pages describe all of the command lines' described
check 'manual pages describe all of the interfaces' interfaces
check 'completions know all of the command line' completed
check 'packaging scripts parse' shell
check 'lintian is content' lint_deb
check 'rpmlint is content' lint_rpm
exit $failed
