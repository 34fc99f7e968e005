//! What has to be cleaned up on the cluster, beside the workloads' own specs.

use std::{collections::BTreeMap, process::Stdio};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Resource,
    api::{DeleteParams, DynamicObject, Patch, PatchParams},
    core::ApiResource,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::process::Command;

use super::Cluster;
use crate::error::describe;

/// What has to be cleaned up. An entry is added before its cause.
pub type Cleanups = Mutex<Vec<Cleanup>>;

/// How one thing is cleaned up.
#[derive(Debug, Clone, PartialEq)]
pub enum Cleanup {
    /// The node is cordoned.
    Uncordon(String),
    /// The object is temporary.
    Delete(ApiResource, String),
    /// The selector of the Service was changed.
    RestoreSelector(String, BTreeMap<String, String>),
    /// The node, or its kubelet, is down. The command starts it again.
    Start(String),
}

impl Cleanup {
    /// Returns the deletion of a temporary object.
    pub fn delete<K: Resource<DynamicType = ()>>(name: &str) -> Self {
        Self::Delete(ApiResource::erase::<K>(&()), name.to_owned())
    }
}

impl Cluster {
    /// Adds a cleanup, unless it is there.
    pub fn add_cleanup(&self, cleanup: Cleanup) {
        let mut cleanups = self.cleanups.lock();
        if !cleanups.contains(&cleanup) {
            cleanups.push(cleanup);
        }
    }

    /// Runs a cleanup, and removes it once it is done.
    pub async fn clean_up(&self, cleanup: &Cleanup) -> Result<()> {
        match cleanup {
            Cleanup::Uncordon(node) => drop(self.node_api().uncordon(node).await?),
            Cleanup::Delete(resource, name) => {
                let api = match resource.kind == Namespace::kind(&()) {
                    true => Api::<DynamicObject>::all_with(self.client.clone(), resource),
                    false => Api::namespaced_with(self.client.clone(), &self.namespace, resource),
                };
                match api.delete(name, &DeleteParams::background()).await {
                    // What is not there does not have to be deleted.
                    Err(kube::Error::Api(status)) if status.code == 404 => (),
                    deleted => drop(deleted?),
                }
            }
            Cleanup::RestoreSelector(service, selector) => self.set_selector(service, selector).await?,
            Cleanup::Start(command) => shell(command).await?,
        }
        self.cleanups.lock().retain(|other| other != cleanup);
        Ok(())
    }

    /// Runs all cleanups, the last one first.
    pub async fn clean_up_all(&self) -> Result<()> {
        let cleanups = self.cleanups.lock().clone();
        let mut errors = Vec::new();
        for cleanup in cleanups.iter().rev() {
            errors.extend(self.clean_up(cleanup).await.err());
        }
        if !errors.is_empty() {
            bail!(errors.iter().map(describe).collect::<Vec<_>>().join("; "));
        }
        Ok(())
    }

    /// Returns the commands that do what is left to be done, for a person to type.
    pub fn restore_commands(&self) -> Vec<String> {
        let patch = |kind: &str, name: &str, patch: String| {
            let reference = format!("{kind}/{name}");
            self.kubectl(&["patch", &reference, "--type=json", "--patch", &patch])
        };
        let cleanups = self.cleanups.lock();
        let command = |cleanup: &Cleanup| match cleanup {
            Cleanup::Uncordon(node) => self.kubectl(&["uncordon", node]),
            Cleanup::Delete(resource, name) => self.kubectl(&["delete", &resource.kind.to_lowercase(), name]),
            Cleanup::RestoreSelector(service, selector) => patch("service", service, select(selector).to_string()),
            Cleanup::Start(command) => command.clone(),
        };
        let mut commands: Vec<_> = cleanups.iter().rev().map(command).collect();
        commands.extend(
            self.workloads
                .iter()
                .map(|workload| patch(&workload.kind.to_string(), &workload.name, workload.restoring_patch())),
        );
        commands
    }

    /// Sets the selector of a Service.
    pub async fn set_selector(&self, service: &str, selector: &BTreeMap<String, String>) -> Result<()> {
        let patch = Patch::Json::<()>(serde_json::from_value(select(selector))?);
        let api = self.service_api();
        api.patch(service, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Returns a command line of kubectl with the user's options.
    fn kubectl(&self, arguments: &[&str]) -> String {
        let options = self.kubectl_options.iter().map(String::as_str);
        let words = std::iter::once("kubectl")
            .chain(options)
            .chain(arguments.iter().copied());
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// Returns the JSON patch that sets the selector of a Service.
fn select(selector: &BTreeMap<String, String>) -> Value {
    json!([{"op": "replace", "path": "/spec/selector", "value": selector}])
}

/// Runs a command of the user by a shell.
pub async fn shell(command: &str) -> Result<()> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .process_group(0) // Ctrl-C at the terminal is for this program alone
        .output()
        .await
        .context("cannot start sh")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command}: {} {}",
        output.status,
        stderr.trim()
    );
    Ok(())
}

/// Quotes an argument for a POSIX shell.
fn quoted(argument: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:,@%+".contains(&byte);
    match !argument.is_empty() && argument.bytes().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("--context=kind-a"), "--context=kind-a");
        assert_eq!(quoted("[{\"a\": \"it's\"}]"), r#"'[{"a": "it'\''s"}]'"#);
    }

    #[tokio::test]
    async fn a_command_that_fails_is_an_error_with_its_words() {
        assert!(shell("true").await.is_ok());
        let error = shell("echo no such node >&2; exit 3").await.unwrap_err().to_string();
        assert!(error.contains("no such node") && error.contains('3'), "{error}");
    }
}
