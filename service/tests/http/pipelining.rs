//! Clients that send many requests on a connection before they read an answer: each gets its own, in order.

use tokio::io::AsyncWriteExt;

use crate::{
    raw::{rest, send, submission},
    server::Server,
};

#[tokio::test]
async fn pipelined_requests_are_all_answered_in_order() {
    let server = Server::start(&["--drain-time", "5s"]).await;
    let names = ["Ada", "Bob", "Cyd"];
    let requests = names.map(|name| submission("content-length: 15\r\n", &format!(r#"{{"name": "{name}"}}"#)));
    let answers = send(&server, requests.concat().as_bytes()).await;
    let positions = names.map(|name| answers.find(&format!("{name:?}")).expect(name));
    assert!(positions.is_sorted(), "{answers}");
}

#[tokio::test]
async fn more_pipelined_requests_than_are_read_at_once_are_all_answered() {
    let server = Server::start(&["--drain-time", "5s"]).await;
    let mut connection = server.connect().await;
    let (mut reader, mut writer) = connection.split();
    // So many that pauses between the reads would add up to more than this test's patience.
    let requests = "GET /small HTTP/1.1\r\nhost: a\r\n\r\n".repeat(20_000);
    let ask = async { writer.write_all(requests.as_bytes()).await.unwrap() };
    let ((), answers) = tokio::join!(ask, rest(&mut reader));
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 20_000);
}

#[tokio::test]
async fn a_client_that_reads_only_when_it_has_asked_for_everything_gets_everything() {
    let server = Server::start(&["--drain-time", "5s"]).await;
    let mut connection = server.connect().await;
    // The answers are far more than the operating system takes while nobody reads them.
    let requests = "GET /large HTTP/1.1\r\nhost: a\r\n\r\n".repeat(3000);
    connection.write_all(requests.as_bytes()).await.unwrap();
    let answers = rest(&mut connection).await;
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 3000);
}
