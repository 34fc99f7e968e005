//! Debian's nginx, which knows nothing of this program.

use rcgen::CertifiedKey;

use super::*;

const ROLLOUT: [&str; 2] = ["--scenarios", "rollout"];
const DEPLOYMENT: &str = "deployment/debian-nginx";

/// Debian's nginx with and without TLS is there while the test runs. The test returns its failures, since nginx has to go
/// after them too.
async fn with_nginx<T>(certificate: &Path, key: &Path, test: impl AsyncFnOnce() -> Result<T>) -> Result<T> {
    let (http, https) = (example("nginx/nginx.yaml"), test_file("https.yaml"));
    let files = ["--filename", &http, "--filename", &https];
    let delete = ["delete", "--ignore-not-found", "--cascade=foreground"];
    kubectl(&[&delete[..], &files].concat()).await?; // what an interrupted test has left
    kubectl(&["delete", "--ignore-not-found", "secret", "debian-nginx"]).await?;
    let outcome = async {
        let [certificate, key] =
            [("cert", certificate), ("key", key)].map(|(name, path)| format!("--{name}={}", path.display()));
        kubectl(&["create", "secret", "tls", "debian-nginx", &certificate, &key]).await?;
        kubectl(&[&["apply"][..], &files].concat()).await?;
        kubectl(&["patch", DEPLOYMENT, "--patch-file", &test_file("https.patch.yaml")]).await?;
        // The program would wait too, and then try a Service that may have no endpoints yet. From this machine, that leaves
        // entries in connection tracking by which later connections are refused.
        kubectl(&["rollout", "status", DEPLOYMENT]).await?;
        test().await
    }
    .await;
    kubectl(&["scale", DEPLOYMENT, "--replicas=0"]).await?;
    kubectl(&[&["delete"][..], &files].concat()).await?;
    kubectl(&["delete", "secret", "debian-nginx"]).await?;
    outcome
}

fn test_file(name: &str) -> String {
    format!("{}/tests/cluster/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test]
async fn debians_nginx_loses_requests_in_a_rollout_and_none_with_a_pre_stop_sleep_with_and_without_tls() -> Result<()> {
    let _cluster = CLUSTER.lock().await;
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let folder = tempfile::tempdir()?;
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&certificate, cert.pem())?;
    std::fs::write(&key, signing_key.serialize_pem())?;
    let authority = certificate.display().to_string();
    let https = ["--url", "load balancer=https://localhost:8443", "--ca", &authority];
    let [http1, http2] = [&["--http", "1.1"], &["--http", "2"]].map(|version| [&ROLLOUT[..], &https, version].concat());
    with_nginx(&certificate, &key, async || {
        let plan = example("nginx.toml");
        let reasons = ["while pods were terminating", "no preStop"];
        for arguments in [&ROLLOUT[..], &http2] {
            run(&plan, arguments, 1, &reasons).await?;
        }
        kubectl(&["patch", DEPLOYMENT, "--patch-file", &example("nginx/prestop.yaml")]).await?;
        kubectl(&["rollout", "status", DEPLOYMENT]).await?;
        let plan = example("nginx-prestop.toml");
        for arguments in [&ROLLOUT[..], &http1, &http2] {
            run(&plan, arguments, 0, &[]).await?;
        }
        Ok(())
    })
    .await
}

/// Its Service has no address outside of the cluster, so a pod sends the requests.
#[tokio::test]
async fn a_stateful_set_loses_requests_in_a_rollout_and_none_with_a_pre_stop_sleep() -> Result<()> {
    const STATEFUL_SET: &str = "statefulset/nginx-set";
    let _cluster = CLUSTER.lock().await;
    let (manifest, plan) = (test_file("stateful_set.yaml"), test_file("stateful_set.toml"));
    let delete = ["delete", "--ignore-not-found", "--cascade=foreground", "--filename"];
    let delete = [&delete[..], &[&manifest]].concat();
    kubectl(&delete).await?; // what an interrupted test has left
    kubectl(&["apply", "--filename", &manifest]).await?;
    let outcome = async {
        kubectl(&["rollout", "status", STATEFUL_SET]).await?;
        let before = kubectl(&["rollout", "history", STATEFUL_SET]).await?;
        run(
            &plan,
            &["--rate", "200"],
            1,
            &["while pods were terminating", "no preStop"],
        )
        .await?;
        let after = kubectl(&["rollout", "history", STATEFUL_SET]).await?;
        ensure!(before == after, "{before} became {after}");
        kubectl(&["patch", STATEFUL_SET, "--patch-file", &example("nginx/prestop.yaml")]).await?;
        kubectl(&["rollout", "status", STATEFUL_SET]).await?;
        run(&plan, &["--rate", "25"], 0, &["None of"]).await
    }
    .await;
    kubectl(&delete).await?;
    outcome.map(drop)
}
