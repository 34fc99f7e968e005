//! `POST /api/submissions` with a valid name, and the page that a browser without script gets.

use crate::{server::Server, submit};

const FORM: &str = "application/x-www-form-urlencoded";
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn assert_responds_to_ada(response: reqwest::Response) {
    let response: api::SubmissionResponse = response.json().await.unwrap();
    let api::SubmissionResponse {
        message,
        name,
        pod,
        version,
        platform,
        uptime_seconds,
        ..
    } = &response;
    assert_eq!(
        [message.as_str(), name, pod, version],
        ["Hello, Ada! Nice to meet you.", "Ada", "pod-a", "v7"]
    );
    assert_eq!(*platform, api::Platform::Kubernetes);
    assert!(*uptime_seconds < 60, "{uptime_seconds}");
}

#[tokio::test]
async fn a_json_submission_gets_message_pod_and_version() {
    let server = Server::start(&[]).await;
    let response = submit(&server, "application/json; charset=utf-8", r#"{"name": " Ada "}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_responds_to_ada(response).await;
}

#[tokio::test]
async fn a_form_submission_gets_the_same_response() {
    let server = Server::start(&[]).await;
    let response = submit(&server, FORM, "name=+Ada+").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_responds_to_ada(response).await;
}

#[tokio::test]
async fn a_name_of_any_script_comes_back_as_it_was_sent() {
    let server = Server::start(&[]).await;
    for name in ["Анна", "李小龍", "شهرزاد", "👩🏽‍💻", "O'Neill & \"Søn\"", "\u{fffd}"] {
        let json = serde_json::json!({"name": name}).to_string();
        let form = server
            .client
            .post(server.url("/api/submissions"))
            .form(&[("name", name)]);
        for request in [submit(&server, "application/json", json), form] {
            let response: api::SubmissionResponse = request.send().await.unwrap().json().await.unwrap();
            assert!(response.message.contains(name), "{response:?}");
        }
    }
}

#[tokio::test]
async fn a_name_does_not_reorder_the_message() {
    let server = Server::start(&[]).await;
    let name = "A\u{202e}da";
    let isolated = "\u{2068}A\u{202e}da\u{2069}";
    let json = serde_json::json!({"name": name}).to_string();
    let response = submit(&server, "application/json", json).send().await.unwrap();
    let response: api::SubmissionResponse = response.json().await.unwrap();
    assert_eq!(response.message, format!("Hello, {isolated}! Nice to meet you."));
    let form = server
        .client
        .post(server.url("/api/submissions"))
        .form(&[("name", name)]);
    let response = form.header("accept", BROWSER).send().await.unwrap();
    let page = response.text().await.unwrap();
    assert!(page.contains(&format!("Hello, {isolated}!")), "{page}");
}

#[tokio::test]
async fn a_name_of_invisible_characters_is_invalid() {
    let server = Server::start(&[]).await;
    let json = serde_json::json!({"name": "\u{200b}\u{2800}\u{202e}"}).to_string();
    let response = submit(&server, "application/json", json).send().await.unwrap();
    assert_eq!(response.status(), 422);
}

#[tokio::test]
async fn a_form_sent_without_script_gets_a_page() {
    let server = Server::start(&[]).await;
    let response = submit(&server, FORM, "name=Ada")
        .header("accept", BROWSER)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("img-src 'self'"), "{policy}");
    let page = response.text().await.unwrap();
    for part in [
        "Hello, Ada! Nice to meet you.",
        "pod-a",
        "v7",
        // Without it, browsers request /favicon.ico.
        r#"<link rel="icon" href="../favicon.svg" type="image/svg+xml">"#,
        r#"method="post" action="submissions""#,
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[tokio::test]
async fn an_invalid_name_sent_without_script_stays_in_the_field_beside_the_reason() {
    let server = Server::start(&[]).await;
    let typed = format!("\"><script>{}", "x".repeat(64));
    let form = server
        .client
        .post(server.url("/api/submissions"))
        .form(&[("name", &typed)]);
    let response = form.header("accept", BROWSER).send().await.unwrap();
    assert_eq!(response.status(), 422);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let page = response.text().await.unwrap();
    assert!(
        page.contains("Shorten the name to at most 64 characters; it has 74."),
        "{page}"
    );
    assert!(
        page.contains(&format!(r#"value="&quot;&gt;&lt;script&gt;{}""#, "x".repeat(64))),
        "{page}"
    );
}

#[tokio::test]
async fn a_name_is_escaped_wherever_the_page_shows_it() {
    let server = Server::start(&[]).await;
    let response = submit(&server, FORM, "name=%3Cscript%3E%22%26")
        .header("accept", BROWSER)
        .send()
        .await
        .unwrap();
    let page = response.text().await.unwrap();
    assert!(page.contains("&lt;script&gt;&quot;&amp;"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}
