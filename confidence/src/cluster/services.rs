//! Services: their addresses, and which pods they send to.

use std::{collections::BTreeMap, net::Ipv6Addr};

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Service, ServicePort};
use kube::{Api, api::ListParams};

use super::{
    Cluster,
    workload::{Workload, selects},
};
use crate::plan::{
    address::{Port, Url},
    route::Route,
};

impl Cluster {
    pub fn service_api(&self) -> Api<Service> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Returns the address of a route: its own, or that of the load balancer of its Service, or inside of the cluster the
    /// name of the Service.
    pub async fn address(&self, route: &Route, is_inside: bool) -> Result<Url> {
        if let Some(url) = &route.url {
            return Ok(url.clone());
        }
        let name = route.service.as_deref().unwrap_or_default();
        let service = self.service_api().get(name).await?;
        let inside = is_inside.then(|| format!("{name}.{}.svc", self.namespace));
        let host = inside.or_else(|| external_host(&service)).with_context(|| {
            format!(
                "service/{name} has no external address. Send requests from inside of the cluster: --from-pod IMAGE. Or give \
                 its address: --url {:?}. minikube: run `minikube tunnel`. kind: run cloud-provider-kind. (`kubectl \
                 port-forward` would not do: it leads to one pod, and ends with it.)",
                format!("{}=http://HOST:PORT", route.name.as_ref())
            )
        })?;
        let port = find_port(&service, route.port.as_ref())
            .with_context(|| format!("service/{name} has no port {:?}", route.port))?;
        Ok(Url::new(route.scheme, host, port))
    }

    /// Returns the nodes of the pods behind a Service.
    pub async fn nodes_behind(&self, service: &str) -> Result<Vec<String>> {
        let service = self.service_api().get(service).await?;
        let selector = service.spec.and_then(|spec| spec.selector).unwrap_or_default();
        let selected = ListParams::default().labels_from(&selector.into_iter().collect());
        let pods = self.pod_api().list(&selected).await?;
        Ok(pods.into_iter().filter_map(|pod| pod.spec?.node_name).collect())
    }

    /// Returns the Services that send to the pods of a workload, each with its selector.
    pub async fn services_of(&self, workload: &Workload) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
        let services = self.service_api().list(&ListParams::default()).await?;
        let services = services
            .into_iter()
            .filter(|service| selects(service, &workload.labels));
        Ok(services
            .filter_map(|service| Some((service.metadata.name?, service.spec?.selector?)))
            .collect())
    }
}

/// Returns the port of a Service that a route names, or its first one.
fn find_port(service: &Service, wanted: Option<&Port>) -> Option<u16> {
    let mut ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    let is_wanted = |port: &&ServicePort| match wanted {
        None => true,
        Some(Port::Number(number)) => port.port == i32::from(*number),
        Some(Port::Name(name)) => port.name.as_ref() == Some(name),
    };
    u16::try_from(ports.find(is_wanted)?.port).ok()
}

/// Returns the host of a Service's load balancer. Where an entry has a hostname and an IP, the hostname is the one that
/// the cloud wants clients to use.
fn external_host(service: &Service) -> Option<String> {
    let status = service.status.as_ref()?.load_balancer.as_ref()?;
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut entries = status.ingress.iter().flatten();
    let host = entries.find_map(|entry| filled(&entry.hostname).or(filled(&entry.ip)))?;
    // Some providers write an IPv6 address in brackets.
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    Some(if inner.parse::<Ipv6Addr>().is_ok() {
        inner.to_owned()
    } else {
        host
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_load_balancer_has_a_hostname_or_an_ip_or_both_or_an_ipv6_address() {
        let host = |entries: Value| {
            let service = json!({"status": {"loadBalancer": {"ingress": entries}}});
            external_host(&serde_json::from_value(service).unwrap())
        };
        assert_eq!(host(json!([{"ip": "192.0.2.1"}])).as_deref(), Some("192.0.2.1"));
        assert_eq!(
            host(json!([{"hostname": "lb.test", "ip": "192.0.2.1"}])).as_deref(),
            Some("lb.test")
        );
        assert_eq!(
            host(json!([{"hostname": "", "ip": "192.0.2.1"}])).as_deref(),
            Some("192.0.2.1")
        );
        assert_eq!(host(json!([{}, {"ip": "fd00::1"}])).as_deref(), Some("fd00::1"));
        assert_eq!(host(json!([{"ip": "[fd00::1]"}])).as_deref(), Some("fd00::1"));
        assert_eq!(host(json!([])), None);
    }
}
