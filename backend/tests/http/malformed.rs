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
        r#"{"name": "a\u2028b"}"#,
        r#"{"name": "a\u2029b"}"#,
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
async fn the_error_for_json_in_another_encoding_names_the_encoding() {
    let server = Server::start(&[]).await;
    let json = r#"{"name": "Ada"}"#;
    let utf16 = |to_bytes: fn(u16) -> [u8; 2]| json.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
    let utf32 = |to_bytes: fn(u32) -> [u8; 4]| json.chars().flat_map(|char| to_bytes(char.into())).collect::<Vec<u8>>();
    for (body, encoding) in [
        (
            [b"\xef\xbb\xbf", json.as_bytes()].concat(),
            "UTF-8 with a byte order mark",
        ),
        (utf16(u16::to_le_bytes), "UTF-16"),
        (utf16(u16::to_be_bytes), "UTF-16"),
        ([b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat(), "UTF-16"),
        ([b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat(), "UTF-16"),
        (utf32(u32::to_le_bytes), "UTF-32"),
        ([b"\0\0\xfe\xff".to_vec(), utf32(u32::to_be_bytes)].concat(), "UTF-32"),
    ] {
        let response = submit(&server, "application/json", body).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let problem: api::Problem = response.json().await.unwrap();
        assert!(problem.detail.contains(encoding), "{encoding}: {problem:?}");
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
