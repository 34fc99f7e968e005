//! Which cluster, and as whom: kubectl's options and kubeconfig.

use std::path::PathBuf;

use anyhow::{Context, Result};
use hyper::header::{HeaderName, HeaderValue};
use kube::{
    Config,
    config::{KubeConfigOptions, Kubeconfig},
};

/// Which cluster: kubectl's options. By default, that of the current context.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Access {
    /// The name of the kubeconfig context to use.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// The namespace of the workloads and Services.
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,

    /// Path to the kubeconfig file.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// The user to impersonate, such as system:serviceaccount:NAMESPACE:NAME.
    #[arg(long = "as", value_name = "USER")]
    pub impersonate: Option<String>,
}

impl Access {
    /// Reads the kubeconfig, as kubectl does. Returns the name of the context too.
    pub async fn config(&self) -> Result<(Config, String)> {
        let kubeconfig = match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        let kubeconfig = match kubeconfig {
            Ok(kubeconfig) => kubeconfig,
            // In a pod, there is a service account instead.
            Err(_) if self.kubeconfig.is_none() && std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() => {
                let mut config = Config::incluster().context("cannot use the service account of this pod")?;
                config.default_namespace = self.namespace.clone().unwrap_or(config.default_namespace);
                return Ok((config, "in-cluster".to_owned()));
            }
            Err(error) => {
                return Err(error).context("there is no usable kubeconfig: set KUBECONFIG or give --kubeconfig");
            }
        };
        let context = self.context.clone().or_else(|| kubeconfig.current_context.clone());
        let context = context.context("the kubeconfig has no current context: give --context")?;
        let options = KubeConfigOptions {
            context: Some(context.clone()),
            ..KubeConfigOptions::default()
        };
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .with_context(|| format!("cannot use the context {context:?}"))?;
        config.default_namespace = self.namespace.clone().unwrap_or(config.default_namespace);
        // kube reads whom a kubeconfig impersonates, and does not send it.
        let user = self.impersonate.as_ref().or(config.auth_info.impersonate.as_ref());
        let groups = config.auth_info.impersonate_groups.iter().flatten();
        let headers = user.into_iter().map(|user| ("impersonate-user", user));
        let headers = headers.chain(groups.map(|group| ("impersonate-group", group)));
        let headers = headers.map(|(name, value)| Ok((HeaderName::from_static(name), HeaderValue::from_str(value)?)));
        config.headers = headers.collect::<Result<_>>()?;
        Ok((config, context))
    }

    /// Returns the options for a command of kubectl.
    pub fn kubectl_options(&self) -> Vec<String> {
        let kubeconfig = self.kubeconfig.as_ref().map(|path| path.display().to_string());
        let options = [
            ("kubeconfig", &kubeconfig),
            ("context", &self.context),
            ("namespace", &self.namespace),
            ("as", &self.impersonate),
        ];
        options
            .into_iter()
            .filter_map(|(name, value)| Some(format!("--{name}={}", value.as_deref()?)))
            .collect()
    }
}
