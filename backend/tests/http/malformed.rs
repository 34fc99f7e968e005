//! Hostile and broken submissions.

use crate::{server::Server, submit};

#[tokio::test]
async fn json_of_any_shape_is_a_bad_request_or_an_invalid_name() {
    let server = Server::start(&[]).await;
    let deep = format!(r#"{{"name": {}{}}}"#, "[".repeat(2000), "]".repeat(2000));
    let deep_objects = r#"{"name":"#.repeat(400);
    for body in [
        deep.as_str(),
        &deep_objects,
        r#"{"name": "Ada", "name": "Grace"}"#,
        r#"{"name": 1e999}"#,
        r#"{"name": {}}"#,
        r#"{"name": "a\u0000b"}"#,
        "{\"name\": \"a\0b\"}",
        r#"{"name": "\u202ea\u0085b"}"#,
        "\u{feff}{\"name\": \"Ada\"}",
    ] {
        let response = submit(&server, "application/json", body.to_owned())
            .send()
            .await
            .unwrap();
        assert!(
            matches!(response.status().as_u16(), 400 | 422),
            "{body}: {}",
            response.status()
        );
    }
}

#[tokio::test]
async fn no_header_can_be_injected() {
    let server = Server::start(&[]).await;
    for name in ["Ada\r\nx-injected: 1", "Ada\nSet-Cookie: a=b"] {
        let form = server
            .client
            .post(server.url("/api/submissions"))
            .form(&[("name", name)]);
        let response = form.header("accept", "text/html").send().await.unwrap();
        assert_eq!(response.status(), 422);
        assert!(!response.headers().contains_key("x-injected") && !response.headers().contains_key("set-cookie"));
    }
}
