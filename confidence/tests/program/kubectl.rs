//! A `kubectl` for tests: a shell script that knows one Deployment with two pods, on the first of two nodes, and remembers
//! what it was asked.

use std::{os::unix::fs::PermissionsExt, path::PathBuf};

use tempfile::TempDir;

/// `$DIR/replicas` is the state, `$DIR/log` has one line for each change.
const SCRIPT: &str = r#"#!/bin/sh
[ -e "$DIR/broken" ] && { echo "the server is down" >&2; exit 1; }
replicas=$(cat "$DIR/replicas")
pod() {
    echo '{"metadata": {"name": "shop-'$1'"}, "spec": {"nodeName": "node-1", "containers": [{"name": "shop", "image": "shop:v1"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}'
}
pods() {
    n=0; between=
    while [ $n -lt "$replicas" ]; do n=$((n + 1)); echo "$between"; pod $n; between=,; done
}
case "$*" in
*"config view"*) echo '{"current-context": "fake", "contexts": [{"context": {"namespace": "shops"}}]}' ;;
*"get --output json deployment shop"* | *"get --output json deployment/shop"*)
    echo '{"metadata": {"generation": 1}, "spec": {"replicas": '"$replicas"', "progressDeadlineSeconds": 600,
        "selector": {"matchLabels": {"app": "shop"}},
        "template": {"spec": {"containers": [{"name": "shop", "image": "shop:v1"}]}}}}' ;;
*"get --output json nodes"*)
    ready='"status": {"conditions": [{"type": "Ready", "status": "True"}]}'
    echo '{"items": [{"metadata": {"name": "node-1"}, '"$ready"'}, {"metadata": {"name": "node-2"}, '"$ready"'}]}' ;;
*--watch*)
    seen=
    while sleep 0.05; do
        replicas=$(cat "$DIR/replicas")
        [ "$replicas" = "$seen" ] && continue
        n=0
        while [ $n -lt 9 ]; do
            n=$((n + 1))
            [ $n -le "$replicas" ] && type=ADDED || type=DELETED
            echo '{"type": "'$type'", "object": '"$(pod $n)"'}'
        done
        seen=$replicas
    done ;;
*"get --output json pods"*) echo '{"items": ['; pods; echo ']}' ;;
*"rollout status"*)
    if [ -e "$DIR/slow" ]; then
        rm "$DIR/slow"
        echo "error: deployment \"shop\" exceeded its progress deadline" >&2
        exit 1
    fi ;;
*scale*) echo "$*" >>"$DIR/log"; echo "${*##*--replicas=}" >"$DIR/replicas" ;;
*patch*) echo "$*" >>"$DIR/log"; echo 2 >"$DIR/replicas" ;;
*) echo "unexpected: kubectl $*" >&2; exit 1 ;;
esac
"#;

/// A folder with `kubectl` in it.
pub struct Kubectl(TempDir);

impl Kubectl {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("kubectl");
        std::fs::write(&script, SCRIPT).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(folder.path().join("replicas"), "2").unwrap();
        std::fs::write(folder.path().join("log"), "").unwrap();
        Self(folder)
    }

    pub fn folder(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// The changes that were asked for, one a line.
    pub fn changes(&self) -> String {
        std::fs::read_to_string(self.0.path().join("log")).unwrap()
    }

    /// The next rollout exceeds its progress deadline, and is complete after that.
    pub fn slow_down(&self) {
        std::fs::write(self.0.path().join("slow"), "").unwrap();
    }

    /// From now on, every call fails.
    pub fn break_down(&self) {
        std::fs::write(self.0.path().join("broken"), "").unwrap();
    }
}
