#!/bin/sh
# dash7-edge @VERSION@ for @TRIPLE@, commit @COMMIT@.
#
# One file: this header, then the program and the Deno runtime it needs, both
# compressed. The first start unpacks them; every start then runs them in this
# very process, so that process id, signals and exit code are the program's.
# It asks for nothing that a minimal Debian has not: sh, coreutils, gzip.
#
# Where it unpacks to: $DASH7_EDGE_CACHE; without it the first that will do of
# what systemd gave the service ($CACHE_DIRECTORY, $STATE_DIRECTORY),
# /var/cache/dash7-edge-shared (made by root, used by all), the user's cache, /var/tmp
# and /tmp. What is there may be deleted at any time.

version=@VERSION@
arch=@ARCH@
loader=@LOADER@
glibc=@GLIBC@
file_bytes=@FILE_BYTES@
# Of each part: SHA-256 and size as it is, first byte (from 1) and length as it is packed here.
runtime_sum=@RUNTIME_SUM@
runtime_bytes=@RUNTIME_BYTES@
runtime_at=@RUNTIME_AT@
runtime_packed=@RUNTIME_PACKED@
program_sum=@PROGRAM_SUM@
program_bytes=@PROGRAM_BYTES@
program_at=@PROGRAM_AT@
program_packed=@PROGRAM_PACKED@

shared=/var/cache/dash7-edge-shared
uid=$(id -u)
tried=
new=

say() { printf 'dash7-edge: %s\n' "$1" >&2; }
die() { say "$1"; exit 1; }
no() {
  tried="$tried
  $1: $(printf %s "$2" | tr '\n' ' ' | sed 's/^ //')"
  return 1
}

# Calls "$1 DIRECTORY" for every place in turn until it succeeds.
each_place() {
  if [ -n "${DASH7_EDGE_CACHE:-}" ]; then
    "$1" "$DASH7_EDGE_CACHE"
    return
  fi
  if [ -n "${CACHE_DIRECTORY:-}" ]; then
    "$1" "${CACHE_DIRECTORY%%:*}/portable" && return
  fi
  "$1" "$shared" && return
  if [ -n "${STATE_DIRECTORY:-}" ]; then
    "$1" "${STATE_DIRECTORY%%:*}/portable" && return
  fi
  case ${XDG_CACHE_HOME:-} in
    /*) "$1" "$XDG_CACHE_HOME/dash7-edge" && return ;;
    *) [ -n "${HOME:-}" ] && [ -O "$HOME" ] && "$1" "$HOME/.cache/dash7-edge" && return ;;
  esac
  "$1" "/var/tmp/dash7-edge-$uid" && return
  "$1" "/tmp/dash7-edge-$uid"
}

name_parts() {
  runtime=$1/$runtime_sum/dash7-edge
  program=$1/$program_sum/dash7-edge.js
}

# Whether both parts are in a place, whole, and ours or root's: in a directory
# that all may write to, anyone could have put something there.
is_unpacked() {
  [ ! -L "$1" ] || [ -n "${DASH7_EDGE_CACHE:-}" ] || return 1
  name_parts "$1"
  found=$(stat -c %u:%s -- "$runtime" "$program" 2>/dev/null) || return 1
  case $found in
    "$uid:$runtime_bytes
$uid:$program_bytes" | "0:$runtime_bytes
0:$program_bytes") ;;
    *) return 1 ;;
  esac
  # Who owns a directory can change what is in it after this look.
  [ -n "${DASH7_EDGE_CACHE:-}" ] || {
    for owner in $(stat -c %u -- "$1" "${runtime%/*}" "${program%/*}"); do
      [ "$owner" = "$uid" ] || [ "$owner" = 0 ] || return 1
    done
    [ ! -L "${runtime%/*}" ] && [ ! -L "${program%/*}" ] || return 1
  }
  [ -x "$runtime" ] && [ -r "$program" ]
}

# The parts of this file are where the header says, or it is not whole.
check_self() {
  [ -r "$self" ] || die "Cannot unpack: $self may not be read by user $uid; chmod a+r it"
  size=$(wc -c <"$self")
  [ "$((size))" -eq "$file_bytes" ] ||
    die "Cannot unpack: $self has $((size)) bytes, expected $file_bytes; copy it again"
}

check_system() {
  [ -z "${DASH7_EDGE_EMULATOR:-}" ] || return 0
  machine=$(uname -m)
  case $machine in
    "$arch") ;;
    x86_64 | aarch64)
      die "Cannot run here: this file is for $arch, this machine is $machine; take dash7-edge-$version-linux-$machine-portable" ;;
    *) die "Cannot run here: this machine is $machine, dash7-edge needs a 64-bit system (aarch64 or x86_64)" ;;
  esac
  [ -e "$loader" ] && return 0
  for musl in /lib/ld-musl-*; do
    [ ! -e "$musl" ] ||
      die "Cannot run here: this system has musl, dash7-edge needs glibc $glibc or newer (Debian, Raspberry Pi OS, Ubuntu)"
  done
  die "Cannot run here: $loader is missing, so this is a 32-bit system on a 64-bit machine, or one without glibc; install the 64-bit system"
}

# Tries an unpacked runtime; says why it does not start.
try_runtime() {
  answer=$(DENO_DIR=/dev/null/none ${DASH7_EDGE_EMULATOR:-} "$1" --version 2>&1 </dev/null)
  case $? in 0) return 0 ;; esac
  case $answer in
    *GLIBC_*) die "Cannot run here: glibc is too old, $glibc or newer is needed; this system has $(getconf GNU_LIBC_VERSION 2>/dev/null || echo an older one)" ;;
    *"ermission denied"*) reason="nothing may be executed there (mounted noexec?)" ;;
    *"annot allocate"* | *"ut of memory"*) die "Cannot run here: not enough memory for the runtime" ;;
    *) die "Cannot run here (page size $(getconf PAGESIZE 2>/dev/null), $(uname -rm)): $answer" ;;
  esac
  return 1
}

# unpack FILE SUM BYTES AT PACKED MODE: a part, whole or not at all. Who else
# does the same at the same time makes the same bytes; the last name stands.
unpack() {
  directory=${1%/*}
  reason=$({ mkdir -p -- "$directory"; } 2>&1) || return 1
  [ -O "$directory" ] || [ -n "${DASH7_EDGE_CACHE:-}" ] || {
    reason="it belongs to someone else"
    return 1
  }
  for old in "$directory"/.new.*; do
    [ ! -e "$old" ] || [ -d "/proc/${old##*.}" ] || rm -f -- "$old"
  done
  new=$directory/.new.$$
  reason=$({ tail -c "+$4" "$self" | head -c "$5" | gzip -dc >"$new"; } 2>&1)
  sum=$({ sha256sum <"$new"; } 2>/dev/null)
  if [ "${sum%% *}" != "$2" ]; then
    if [ -z "$reason" ] || [ -z "${reason##*gzip: stdin*}" ]; then
      rm -f -- "$new"
      die "Cannot unpack: $self is damaged; copy it again"
    fi
    rm -f -- "$new"
    return 1
  fi
  reason=$({ chmod "$6" "$new" && { sync "$new" 2>/dev/null || sync; }; } 2>&1)
  if [ "$6" = 0755 ] && ! try_runtime "$new"; then
    rm -f -- "$new"
    return 1
  fi
  reason=$({ mv -f -- "$new" "$1"; } 2>&1) || {
    rm -f -- "$new"
    return 1
  }
  new=
}

# The parents with the usual mode, the place itself with its own.
make_place() {
  [ ! -d "$1" ] || return 0
  mode=0700
  [ "$1" != "$shared" ] || mode=0755
  mkdir -p -- "${1%/*}/" && mkdir -m "$mode" -- "$1" || [ -d "$1" ]
}

# Unpacks into a place; on failure its reason joins those of the others.
unpack_into() {
  [ "$1" != "$shared" ] || [ "$uid" -eq 0 ] || [ -n "${DASH7_EDGE_CACHE:-}" ] || return 1
  name_parts "$1"
  reason=$(make_place "$1" 2>&1) || { no "$1" "$reason"; return 1; }
  if [ -z "${DASH7_EDGE_CACHE:-}" ]; then
    [ ! -L "$1" ] && [ -O "$1" ] || { no "$1" "it belongs to someone else"; return 1; }
  fi
  [ -w "$1" ] || { no "$1" "no permission to write"; return 1; }
  need=$(((runtime_bytes + program_bytes) / 1024 + 8192))
  free=$(df -k --output=avail -- "$1" 2>/dev/null | tail -n 1 | tr -d ' ')
  case $free in
    '' | *[!0-9]*) ;;
    *) [ "$free" -ge "$need" ] || {
      no "$1" "no space: $((need / 1024)) MB needed, $((free / 1024)) MB free"
      return 1
    } ;;
  esac
  unpack "$runtime" "$runtime_sum" "$runtime_bytes" "$runtime_at" "$runtime_packed" 0755 &&
    unpack "$program" "$program_sum" "$program_bytes" "$program_at" "$program_packed" 0644 ||
    { no "$1" "$reason"; return 1; }
}

unpack_somewhere() {
  check_self
  check_system
  mask=$(umask)
  umask 022
  trap 'rm -f -- "$new"' EXIT
  for signal in HUP INT TERM; do
    trap "rm -f -- \"\$new\"; trap - EXIT $signal; kill -$signal $$" "$signal"
  done
  each_place unpack_into || die "Cannot unpack to any of these:$tried
Make room or give permission, or set DASH7_EDGE_CACHE to a directory of $(((runtime_bytes + program_bytes) / 1048576 + 8)) MB that may be written to and executed from"
  trap - EXIT HUP INT TERM
  umask "$mask"
}

# Where V8 keeps compiled code: with it a start takes half the time and a
# third less memory. Never another user's, since it is code.
keep_code() {
  DENO_DIR=$1/$program_sum.code
  if [ -z "${DASH7_EDGE_CACHE:-}" ]; then
    [ "$1" != "$shared" ] || [ "$uid" -eq 0 ] || return 1
    make_place "$1" >/dev/null 2>&1
    [ -O "$1" ] && [ ! -L "$1" ] || return 1
  fi
  [ -O "$DENO_DIR" ] && [ -w "$DENO_DIR" ] && return
  mkdir -m 0700 -- "$DENO_DIR" 2>/dev/null || return 1
  start --version >/dev/null 2>&1 </dev/null || :
}

start() {
  DENO_DIR=$DENO_DIR DENO_NO_UPDATE_CHECK=1 DENO_NO_PACKAGE_JSON=1 \
    ${DASH7_EDGE_EMULATOR:-} "$runtime" run @FLAGS@ "$program" "$@"
}

case $0 in
  /*) self=$0 ;;
  */*) self=$PWD/$0 ;;
  *) if [ -f "$0" ]; then self=$PWD/$0; else self=$(command -v -- "$0"); fi ;;
esac
each_place is_unpacked || unpack_somewhere
each_place keep_code || DENO_DIR=/dev/null/none
export DENO_DIR DENO_NO_UPDATE_CHECK=1 DENO_NO_PACKAGE_JSON=1
# Free memory at the end of the heap goes back to the system from here on.
export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-131072}"
export DASH7_EDGE_FILE="$self"
exec ${DASH7_EDGE_EMULATOR:-} "$runtime" run @FLAGS@ "$program" "$@"
