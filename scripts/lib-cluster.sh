# What the scripts that need a cluster share; sourced, not run.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

have kubectl || die "there is no kubectl on this machine" "Install it: see the page 'Install Tools' of Kubernetes' site."
kubectl version >/dev/null 2>&1 || die "kubectl reaches no cluster" \
  "Get one: switch Kubernetes on in Docker Desktop, or type: minikube start, or: kind create cluster"
