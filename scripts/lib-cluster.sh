# shellcheck shell=bash
# Functions for the scripts that need a cluster; sourced, not run.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

have kubectl || die "kubectl is missing" "Install it: https://kubernetes.io/docs/tasks/tools/"
kubectl version --request-timeout 20s >/dev/null 2>&1 || die "kubectl reaches no cluster" \
  "Start one: enable Kubernetes in Docker Desktop, or type: minikube start, or: kind create cluster"

# rolled_out APP...: waits until the rollouts are complete, otherwise says why not.
rolled_out() {
  local app reason
  for app; do
    kubectl rollout status --timeout 180s "deployment/k8s-demo-$app" && continue
    reason=$(kubectl get pod --selector "app=$app" --output \
      jsonpath='{range .items[*].status.containerStatuses[*].state.waiting}{.reason}{": "}{.message}{"\n"}{end}' | sort -u)
    case $reason in
    *ErrImageNeverPull*) die "a node has no image k8s-demo-$app: $reason" \
      "Load it there, or push it: make deploy REGISTRY=registry.example.com/me. See docs/TROUBLESHOOTING.md." ;;
    *ErrImagePull* | *ImagePullBackOff*) die "a node cannot pull the image of the $app: $reason" \
      "Check that the nodes reach the registry, and have an imagePullSecret if it asks for one." ;;
    *) die "the $app does not become ready${reason:+: $reason}" "See: kubectl describe pod --selector app=$app" ;;
    esac
  done
}

# delete_all KIND,KIND...: deletes the objects of these kinds that k8s/ and deploy/ may have made, and waits until their pods have ended.
delete_all() { kubectl delete --ignore-not-found --cascade=foreground "$1" --selector app.kubernetes.io/part-of=k8s-demo; }

# address: prints the host of the page's load balancer as in a URL, or nothing.
address() {
  local ingress hostname ip
  ingress=$(kubectl get service k8s-demo-frontend-service --output \
    jsonpath='{.status.loadBalancer.ingress[0].hostname} {.status.loadBalancer.ingress[0].ip}')
  hostname=${ingress%% *} ip=${ingress#* }
  case ${hostname:-$ip} in
  127.0.0.1) echo localhost ;;
  *:*) echo "[${hostname:-$ip}]" ;;
  *) echo "${hostname:-$ip}" ;;
  esac
}

# local_registry FOLDER: sets REGISTRY unless it is set: Debian's docker-registry, which keeps its images in the folder. The nodes of
# kubectl's cluster must reach it as localhost. It ends with: kill "$registry_server".
local_registry() {
  local port=25000
  [ -z "${REGISTRY:-}" ] || return 0
  have docker-registry || debian_packages docker-registry
  cat >"$1/registry.yml" <<CONFIG
version: 0.1
storage: {filesystem: {rootdirectory: $1/registry}}
http: {addr: "127.0.0.1:$port"}
CONFIG
  docker-registry serve "$1/registry.yml" >"$1/registry.log" 2>&1 &
  registry_server=$!
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 $registry_server || die "the registry did not start" "$(cat "$1/registry.log")"
    sleep 0.1
  done
  REGISTRY=localhost:$port
}
