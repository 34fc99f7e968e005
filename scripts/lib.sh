# What the scripts of this folder share; sourced, not run. Written for bash 3.2, which macOS has.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
TOOLS=$PWD/.tools # what the project installs for itself; survives `cargo clean`
export PATH="$TOOLS/bin:$PATH"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

# die WHAT-HAPPENED WHAT-TO-DO
die() {
  printf '\033[1;31merror:\033[0m %s\n' "$1" >&2
  printf '       %s\n' "$2" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# logged NAME COMMAND...: keeps what the command prints in .tools/log/NAME.
logged() {
  local log=$TOOLS/log/$1
  shift
  mkdir -p "$TOOLS/log"
  "$@" >"$log" 2>&1 </dev/null
}

# die_of NAME WHAT-HAPPENED: ends with what the command that was logged under NAME said last.
die_of() {
  tail -n 20 "$TOOLS/log/$1" >&2
  die "$2" "The whole of it: $TOOLS/log/$1"
}

# debian_packages PACKAGE...: installs them where we may, else says what to type.
debian_packages() {
  have apt-get || die "$* must be installed" "Install them with your system's package manager, then try again."
  [ "$(id -u)" = 0 ] || die "$* must be installed" "Type: sudo apt-get install $*"
  say "Installing $* (about a minute)"
  export DEBIAN_FRONTEND=noninteractive
  logged apt-update apt-get update || die_of apt-update "apt-get could not read the lists of packages"
  logged apt-install apt-get install --yes --no-install-recommends "$@" || die_of apt-install "apt-get could not install $*"
}
