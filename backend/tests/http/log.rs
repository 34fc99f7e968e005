//! The log: what it says of the replica, and that it holds nothing that a person entered.

use nix::sys::signal::Signal;

use crate::{server::Server, submit};

#[tokio::test]
async fn the_line_listening_has_version_commit_and_pod() {
    let server = Server::start(&[]).await;
    let line = &server.listening;
    assert_eq!(line["address"], server.address);
    assert_eq!(
        [&line["version"], &line["commit"], &line["pod"]],
        ["v7", "c0ffee", "pod-a"]
    );
}

#[tokio::test]
async fn no_name_is_logged() {
    let mut server = Server::start(&["--log-level", "debug", "--drain-time", "0s"]).await;
    let secret = "Rumpelstilzchen";
    let requests = [
        submit(&server, "application/json", format!(r#"{{"name": "{secret}"}}"#)),
        submit(&server, "application/json", format!(r#"{{"name": "{secret}\n"#)),
        submit(
            &server,
            "application/x-www-form-urlencoded",
            format!("name={secret}%00"),
        )
        .header("accept", "text/html"),
    ];
    let count = requests.len();
    for request in requests {
        request.send().await.unwrap();
    }
    server.signal(Signal::SIGTERM);
    let log = server.rest_of_log().await;
    assert_eq!(
        log.iter().filter(|line| line.contains(r#""request_id""#)).count(),
        count,
        "{log:?}"
    );
    assert!(!log.iter().any(|line| line.contains(secret)), "{log:?}");
}
