# shellcheck shell=bash
# Functions that the scripts of this folder share; sourced, not run. Runs with bash 3.2, which macOS has.
set -euo pipefail
# What a user has exported for shells of their own: functions, variables and options that change what the scripts mean.
for name in $(compgen -A function); do unset -f "$name"; done
unset -v BASH_COMPAT BASH_ENV CDPATH ENV FUNCNEST GLOBIGNORE GREP_OPTIONS POSIXLY_CORRECT TMOUT
set +o noclobber +o noglob +o posix
shopt -u failglob nocasematch nullglob xpg_echo
cd "$(dirname "${BASH_SOURCE[0]}")/.."
TOOLS=$PWD/.tools # what the project installs for itself; `cargo clean` does not remove it
export PATH="$TOOLS/bin:$PATH"
export KUBERC=off # a user's defaults for kubectl, such as `delete: interactive=true`, are not for scripts

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

# die PROBLEM REMEDY
die() {
  printf '\033[1;31merror:\033[0m %s\n' "$1" >&2
  printf '       %s\n' "$2" >&2
  exit 1
}

# have PROGRAM. Unlike `command -v`, this does not find a function of the same name, such as those of scripts/setup.
have() { type -P "$1" >/dev/null; }

# logged NAME COMMAND...: runs the command with its output in .tools/log/NAME.
logged() {
  local log=$TOOLS/log/$1
  shift
  mkdir -p "$TOOLS/log"
  "$@" >"$log" 2>&1 </dev/null
}

# die_of NAME PROBLEM: prints the end of the log NAME and exits.
die_of() {
  tail -n 20 "$TOOLS/log/$1" >&2
  die "$2" "The full log: $TOOLS/log/$1"
}

# debian_packages PACKAGE...: installs them on Debian and its derivatives as root, or with sudo on a CI system; otherwise says what to type.
debian_packages() {
  local as_root=(env)
  have apt-get || die "$* must be installed" "Install them with your system's package manager, then try again."
  if [ "$(id -u)" != 0 ]; then
    { [ -n "${CI:-}" ] && sudo -n true 2>/dev/null; } || die "$* must be installed" "Type: sudo apt-get install $*"
    as_root=(sudo -n env)
  fi
  say "Installing $* (about a minute)"
  as_root+=(DEBIAN_FRONTEND=noninteractive apt-get)
  logged apt-update "${as_root[@]}" update || die_of apt-update "apt-get could not read the package lists"
  logged apt-install "${as_root[@]}" install --yes --no-install-recommends "$@" || die_of apt-install "apt-get could not install $*"
}

# rust: makes the toolchain of rust-toolchain.toml available to this script, or the default one if it cannot be installed.
# Exits if there is no Rust, or no linker for it.
rust() {
  local pinned default
  have cargo || die "cargo is missing" "Install Rust with rustup: https://rustup.rs"
  have cc || have gcc || have clang || die "a C compiler is missing; Rust links with it" \
    "Debian: apt-get install gcc libc6-dev. Fedora: dnf install gcc. macOS: xcode-select --install"
  if have rustup && [ -z "${RUSTUP_TOOLCHAIN:-}" ] && [ -e rust-toolchain.toml ]; then
    pinned=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    if ! rustup run "$pinned" rustc --version >/dev/null 2>&1; then
      say "Installing Rust $pinned, as rust-toolchain.toml asks"
      if ! logged rustup-toolchain rustup toolchain install "$pinned" --profile minimal --component rustfmt,clippy \
        --target wasm32-unknown-unknown --no-self-update; then
        default=$(rustup default 2>/dev/null | cut -d' ' -f1) || default=
        [ -n "$default" ] || die_of rustup-toolchain "rustup could not install Rust $pinned, and there is no default toolchain"
        say "rustup could not install it (.tools/log/rustup-toolchain): using $default instead"
        export RUSTUP_TOOLCHAIN=$default
      fi
    fi
  fi
  # A configuration for all of a user's projects may build for another target; what is built here also runs here.
  local host configured
  host=$(rustc -vV | sed -n 's/^host: //p')
  configured=$(RUSTC_BOOTSTRAP=1 cargo -Z unstable-options config get --format json-value build.target 2>/dev/null) || configured=
  case $configured in '' | "\"$host\"") ;; *) export CARGO_BUILD_TARGET=$host ;; esac
}

# cargo_binary NAME ARGUMENT...: builds with the arguments and prints the path of the binary NAME. Only cargo knows the path: it
# depends on the user's configuration.
cargo_binary() {
  local name=$1
  shift
  cargo build --message-format json-render-diagnostics "$@" |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | grep "/$name\(.exe\)\{0,1\}\$"
}

# manifests REGISTRY VERSION [BACKEND_DIGEST FRONTEND_DIGEST]: prints the manifests of k8s/ for the images of this version, of a
# registry unless that is empty.
manifests() {
  local app tag registry=${1:+${1%/}/} version=$2 folder=$TOOLS/manifests
  shift 2
  mkdir -p "$folder"
  {
    echo "resources: [../../k8s]"
    [ -z "$registry" ] || echo "components: [../../deploy/components/registry]"
    echo "images:"
    for app in backend frontend; do
      tag="newTag: '$version'"
      [ $# = 0 ] || { tag="digest: '$1'" && shift; }
      echo "  - {name: k8s-demo-$app, newName: ${registry}k8s-demo-$app, $tag}"
    done
    cat <<PATCH
patches:
  - target: {kind: Deployment}
    patch: |
      - {op: replace, path: /metadata/labels/app.kubernetes.io~1version, value: '$version'}
PATCH
  } >"$folder/kustomization.yaml"
  kubectl kustomize "$folder"
}

# find_engine: sets engine to the command of the container engine of this machine: docker, podman or nerdctl.
# shellcheck disable=SC2034 # the scripts that source this file use it
find_engine() {
  if docker info >/dev/null 2>&1; then
    engine=(docker)
  elif podman info >/dev/null 2>&1; then
    engine=(podman)
  elif nerdctl --namespace k8s.io info >/dev/null 2>&1; then
    engine=(nerdctl --namespace k8s.io) # Rancher Desktop and colima with containerd: the namespace of Kubernetes' own images
  elif have docker; then
    die "docker does not reach its engine" "Start it, and check with: docker info"
  else
    die "docker is missing" "Install Docker Desktop, or a Docker engine with BuildKit, or podman."
  fi
}
