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

# logged NAME COMMAND...: keeps the command's output in .tools/log/NAME, and shows its end where the command fails.
logged() {
  local log=$TOOLS/log/$1
  shift
  mkdir -p "$TOOLS/log"
  "$@" >"$log" 2>&1 </dev/null || { tail -n 20 "$log" >&2; return 1; }
}

# debian_packages PACKAGE...: installs them where we may, else says what to type.
debian_packages() {
  have apt-get || die "$* must be installed" "Install them with your system's package manager, then try again."
  [ "$(id -u)" = 0 ] || die "$* must be installed" "Type: sudo apt-get install $*"
  say "Installing $* (about a minute)"
  export DEBIAN_FRONTEND=noninteractive
  logged apt-update apt-get update && logged apt-install apt-get install --yes --no-install-recommends "$@" ||
    die "apt-get could not install $*" "See $TOOLS/log/apt-update and apt-install."
}
