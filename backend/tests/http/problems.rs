//! Every invalid submission gets a problem document.

use api::{FieldError, Problem};
use reqwest::{RequestBuilder, Response};

use crate::{server::Server, submit};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn problem(response: Response) -> Problem {
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Problem = response.json().await.unwrap();
    assert_eq!(problem.status, status.as_u16());
    assert_eq!(Some(problem.title.as_str()), status.canonical_reason());
    assert!(!problem.detail.is_empty());
    problem
}

async fn problem_for(request: RequestBuilder) -> Problem {
    problem(request.send().await.unwrap()).await
}

#[tokio::test]
async fn an_invalid_name_is_an_error_of_its_field() {
    let server = Server::start(&[]).await;
    let problem = problem_for(submit(&server, JSON, r#"{"name": "  "}"#)).await;
    assert_eq!(problem.status, 422);
    assert_eq!(
        problem.errors,
        [FieldError {
            field: "name".to_owned(),
            detail: "Enter a name.".to_owned()
        }]
    );
}

#[tokio::test]
async fn a_malformed_body_is_a_bad_request() {
    let server = Server::start(&[]).await;
    for body in [
        "",
        "{",
        "null",
        "5",
        r#""Ada""#,
        r#"["Ada"]"#,
        "{}",
        r#"{"name": 5}"#,
        r#"{"name": null}"#,
        r#"{"name": "\ud800"}"#,
    ] {
        assert_eq!(problem_for(submit(&server, JSON, body)).await.status, 400, "{body}");
    }
    for body in ["", "nom=Ada", "name=Ada&name=Grace", "name=%FF", "name=%C3&name=%A9"] {
        assert_eq!(problem_for(submit(&server, FORM, body)).await.status, 400, "{body}");
    }
    assert_eq!(
        problem_for(submit(&server, JSON, b"{\"name\": \"\xff\"}".to_vec()))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn another_media_type_is_unsupported() {
    let server = Server::start(&[]).await;
    for media_type in ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ""] {
        assert_eq!(
            problem_for(submit(&server, media_type, r#"{"name": "Ada"}"#))
                .await
                .status,
            415,
            "{media_type}"
        );
    }
}
