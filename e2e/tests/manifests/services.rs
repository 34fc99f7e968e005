//! Services, their ports, and the names by which nginx asks them.

use k8s_openapi::api::core::v1::Service;

use crate::{container, read};

#[test]
fn the_services_reach_the_containers_by_the_ports_of_the_contract() {
    for (app, port) in [("backend", 8000), ("frontend", 8080)] {
        let service: Service = read(app);
        assert_eq!(service.metadata.name, Some(format!("k8s-demo-{app}-service")));
        let spec = service.spec.unwrap();
        assert_eq!(spec.type_.as_deref(), Some("LoadBalancer"));
        let published = &spec.ports.unwrap()[0];
        assert_eq!(published.port, port);
        let listening = &container(app).ports.unwrap()[0];
        assert_eq!(listening.container_port, port);
        assert_eq!(
            serde_json::to_value(&published.target_port).unwrap(),
            *listening.name.as_ref().unwrap()
        );
    }
}

#[test]
fn the_other_services_have_the_pods_that_nginx_may_ask() {
    for (app, pods, cluster_ip, also_not_ready) in [
        // Not `Some(false)`: a current API server drops the default, and each `kubectl apply` would say "configured".
        ("backend", "pods", Some("None"), None),
        ("backend", "all-pods", None, Some(true)),
        ("frontend", "pods", Some("None"), Some(true)),
    ] {
        let service: Service = read(&format!("{app}-{pods}"));
        assert_eq!(service.metadata.name, Some(format!("k8s-demo-{app}-{pods}")));
        let spec = service.spec.unwrap();
        assert_eq!(spec.cluster_ip.as_deref(), cluster_ip);
        assert_eq!(spec.publish_not_ready_addresses, also_not_ready);
        let public = read::<Service>(app).spec.unwrap();
        assert_eq!(spec.selector, public.selector);
        assert_eq!(spec.ports, public.ports);
        assert_eq!(spec.ports.unwrap()[0].app_protocol.as_deref(), Some("http"));
    }
}

#[test]
fn nginx_gets_the_full_name_and_the_port_of_each_service_that_it_asks() {
    let env = container("frontend").env.unwrap();
    let value = |name: &str| env.iter().find(|env| env.name == name).unwrap().value.clone().unwrap();
    for (variable, file) in [
        ("BACKEND_PODS", "backend-pods"),
        ("BACKEND_ALL_PODS", "backend-all-pods"),
        ("BACKEND_SERVICE", "backend"),
        ("FRONTEND_PODS", "frontend-pods"),
    ] {
        let service: Service = read(file);
        let name = service.metadata.name.unwrap();
        let port = service.spec.unwrap().ports.unwrap()[0].port;
        assert_eq!(
            value(variable),
            format!("{name}.$(NAMESPACE).svc.$(CLUSTER_DOMAIN):{port}")
        );
        // Kubernetes replaces only the variables that stand before.
        let position = |name: &str| env.iter().position(|env| env.name == name);
        assert!(position("NAMESPACE") < position(variable) && position("CLUSTER_DOMAIN") < position(variable));
    }
    assert_eq!(value("CLUSTER_DOMAIN"), "cluster.local");
}

#[test]
fn the_backend_is_probed_on_a_port_that_no_service_publishes() {
    let container = container("backend");
    let ports = container.ports.unwrap();
    let admin = ports.iter().find(|port| port.name.as_deref() == Some("admin")).unwrap();
    let env = container.env.unwrap();
    let variable = env.iter().find(|env| env.name == "K8S_DEMO_ADMIN_PORT").unwrap();
    assert_eq!(variable.value, Some(admin.container_port.to_string()));
    let probes = [
        container.startup_probe,
        container.readiness_probe,
        container.liveness_probe,
    ];
    for probe in probes {
        let port = probe.unwrap().http_get.unwrap().port;
        assert_eq!(serde_json::to_value(port).unwrap(), "admin");
    }
    for file in ["backend", "backend-pods"] {
        for port in read::<Service>(file).spec.unwrap().ports.unwrap() {
            let target = serde_json::to_value(port.target_port).unwrap();
            assert!(target != "admin" && target != admin.container_port, "{target}");
        }
    }
}
