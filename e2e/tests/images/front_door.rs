//! What a client gets that sends something unusual, and what the backend gets.

use anyhow::Result;
use api::Problem;
use reqwest::{StatusCode, header};

use crate::{network::Network, submission, values};

/// Returns a complete request whose body is a valid submission.
pub fn request(version: &str, headers: &str) -> Vec<u8> {
    let body = r#"{"name": "Ada"}"#;
    format!(
        "POST /api/submissions HTTP/{version}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub fn is_submission_response(response: &str) -> bool {
    // In the version of the request.
    response.starts_with("HTTP/1.") && response[8..].starts_with(" 200 ") && response.contains("Hello, Ada!")
}

#[tokio::test]
async fn nginx_limits_requests_as_the_backend_does_and_rejects_them_with_problem_documents() -> Result<()> {
    let (_network, _backend, frontend) = Network::serving("problems").await?;
    let long = |length| "x".repeat(length);
    let head = |line: &str, headers: &str| format!("{line}\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    for (request, status) in [
        ("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_owned(), 400),
        ("\r\n\r\n \r\n\r\n".to_owned(), 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
        (
            "GET /api/submissions HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned(),
            400,
        ),
        (head("GET /api/%zz HTTP/1.1", ""), 400),
        (head("GET /api/../../etc/passwd HTTP/1.1", ""), 400),
        (head("GET /api/submissions HTTP/1.1", "no header\r\n"), 400),
        (
            head(
                "POST /api/submissions HTTP/1.1",
                "transfer-encoding: chunked\r\ncontent-length: 3\r\n",
            ),
            400,
        ),
        (head("GET /version HTTP/1.1", ""), 404),
        (head("GET /api HTTP/1.1", ""), 404),
        (head("GET /api/no-such-path HTTP/1.1", ""), 404),
        (head("GET /api/submissions HTTP/1.1", ""), 405),
        (head("TRACE /api/submissions HTTP/1.1", ""), 405),
        (
            head("POST /api/submissions HTTP/1.1", "content-length: 4097\r\n") + &long(4097),
            413,
        ),
        (head(&format!("GET /api/{} HTTP/1.1", long(25_000)), ""), 414),
        (head("POST /api/submissions HTTP/1.1", "content-length: 0\r\n"), 415),
        (
            head(
                "POST /api/submissions HTTP/1.1",
                &format!("cookie: {}\r\n", long(25_000)),
            ),
            431,
        ),
        (head("POST /api/submissions HTTP/1.1", &"a: b\r\n".repeat(100)), 431),
        (head("POST /api/submissions HTTP/1.1", &"a: b\r\n".repeat(2_000)), 431),
        (
            head("POST /api/submissions HTTP/1.1", "transfer-encoding: gzip\r\n"),
            501,
        ),
        (head("GET /api/submissions HTTP/9.9", ""), 505),
    ] {
        let response = frontend.send(request.as_bytes()).await?;
        let start = &request[..request.len().min(200)];
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{start}: {head}");
        assert!(
            head.contains(&format!("\r\ncontent-type: {}", Problem::MEDIA_TYPE)),
            "{start}: {head}"
        );
        assert_eq!(head.contains("\r\nallow: post"), status == 405, "{start}: {head}");
        let problem: Problem = serde_json::from_str(body)?;
        assert_eq!(problem.status, status, "{start}");
        assert!(!problem.title.is_empty() && !problem.detail.is_empty(), "{start}");
    }
    Ok(())
}

#[tokio::test]
async fn a_client_gets_through_nginx_what_it_gets_from_the_backend() -> Result<()> {
    let (_network, backend, frontend) = Network::serving("alike").await?;
    for request in [
        request("1.0", ""),
        request("1.1", &format!("host: a\r\ncookie: {}\r\n", "c".repeat(16_000))),
        request("1.1", "host: a\r\nx-binary: \u{e9}\u{ff}\r\n"),
    ] {
        for container in [&backend, &frontend] {
            let response = container.send(&request).await?;
            assert!(is_submission_response(&response), "{response}");
        }
    }
    let chunk = "1\r\n \r\n".repeat(4_000);
    let tiny_chunks = format!(
        "POST /api/submissions HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{chunk}f\r\n{{\"name\": \"Ada\"}}\r\n0\r\n\r\n"
    );
    let response = frontend.send(tiny_chunks.as_bytes()).await?;
    assert!(is_submission_response(&response), "{response}");
    Ok(())
}

#[tokio::test]
async fn a_browser_gets_a_short_page_instead_of_a_problem_document() -> Result<()> {
    let network = Network::new("browser").await?;
    let url = network.frontend(&[]).await?.url;
    for (path, status, title, way_back) in [
        ("/version", 404, "Not Found", "./"),
        ("/no/such-path?a/b", 404, "Not Found", "../"),
        ("/api/submissions", 502, "Bad Gateway", "../"), // a form that is sent without script
    ] {
        let form = network.http.post(format!("{url}{path}")).form(&[("name", "Ada")]);
        let get = network.http.get(format!("{url}{path}"));
        let request = if status == 502 { form } else { get };
        let accept = "text/html,application/xhtml+xml,*/*;q=0.8";
        let response = request.header(header::ACCEPT, accept).send().await?;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(values(&response, "content-type"), ["text/html"], "{path}");
        let text = response.text().await?;
        assert!(text.contains(&format!("<h1>{title}</h1>")), "{text}");
        assert!(text.contains(&format!("<a href=\"{way_back}\">")), "{text}");
    }
    Ok(())
}

/// A stand-in for the backend, which responds with headers of the request.
const ECHO: &str = r#"location / {
    return 200 "$http_host $http_x_forwarded_host $http_x_forwarded_proto $http_traceparent";
}"#;

#[tokio::test]
async fn the_backend_learns_from_headers_what_the_client_requested() -> Result<()> {
    let network = Network::new("echo").await?;
    let name = "--network-alias=k8s-demo-backend-service";
    network.nginx(ECHO, 8000, &[name]).await?;
    let url = network.frontend(&[]).await?.url;
    network.until(StatusCode::OK, |http| submission(http, &url)).await?;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (headers, host, protocol) in [
        (&[("host", "demo.example")][..], "demo.example", "http"),
        (
            &[
                ("x-forwarded-host", "outer.example:8443"),
                ("x-forwarded-proto", "https"),
            ],
            "outer.example:8443",
            "https",
        ),
        (
            &[("host", "demo.example"), ("x-forwarded-proto", "javascript:")],
            "demo.example",
            "http",
        ),
    ] {
        let mut request = submission(&network.http, &url).header("traceparent", traceparent);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // The Host is the Service's name: a service mesh knows no other.
        let expected = format!("k8s-demo-backend-service:8000 {host} {protocol} {traceparent}");
        assert_eq!(request.send().await?.text().await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn an_outer_proxy_may_add_a_path_prefix() -> Result<()> {
    let (network, _backend, _frontend) = Network::serving("prefix").await?;
    let strip = "location /demo/ { proxy_pass http://k8s-demo-frontend-pods:8080/; }";
    let outer = network.nginx(strip, 8080, &[]).await?;
    let url = format!("{}/demo", outer.url);
    let page = network.http.get(format!("{url}/")).send().await?.text().await?;
    let is_file = |text: &&str| [".js", ".css", ".wasm"].iter().any(|end| text.ends_with(end));
    let files: Vec<_> = page.split('"').filter(is_file).collect();
    assert!(files.len() > 3, "{page}");
    for file in files {
        assert!(!file.starts_with('/'), "{file} is not below the prefix");
        let response = network.http.get(format!("{url}/{file}")).send().await?;
        assert_eq!(response.status(), StatusCode::OK, "{file}");
    }
    let response = submission(&network.http, &url).send().await?;
    assert_eq!(response.status(), StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn unusual_dns_settings_do_not_keep_nginx_from_starting() -> Result<()> {
    let network = Network::new("resolv").await?;
    network.backend().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("resolv.conf");
    let volume = format!("--volume={}:/etc/resolv.conf:ro", file.display());
    std::fs::write(
        &file,
        "domain example.com\nsearch .\nnameserver fe80::1%eth0\nnameserver 127.0.0.11\noptions ndots:5",
    )?;
    let frontend = network.frontend(&[&volume]).await?;
    network
        .until(StatusCode::OK, |http| submission(http, &frontend.url))
        .await?;
    // Without a nameserver, the one on this host is meant, which does not know the pods.
    for text in ["", "nameserver fe80::1%eth0\n"] {
        std::fs::write(&file, text)?;
        let frontend = network.frontend(&[&volume]).await?;
        let response = submission(&network.http, &frontend.url).send().await?;
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY, "{text}");
    }
    Ok(())
}
