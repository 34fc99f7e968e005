//! Offers to upgrade to another protocol: ignored, as none is supported (RFC 9110, section 7.8).

use tokio::io::AsyncWriteExt;

use crate::{
    raw::{next, rest, submission},
    server::Server,
};

const OFFERS: [&str; 4] = [
    // As the JDK's HttpClient sends it by default.
    "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n",
    "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    "connection: keep-alive, UPGRADE\r\nUPGRADE: WebSocket\r\n",
    // As nginx sends it for a request that offers nothing, with the usual lines for web sockets.
    "connection: upgrade\r\n",
];

#[tokio::test]
async fn an_upgrade_offer_is_ignored_and_the_connection_is_kept() {
    let server = Server::start(&[]).await;
    for offer in OFFERS {
        let mut connection = server.connect().await;
        for name in ["Ada", "Bob"] {
            let request = submission(
                &format!("{offer}content-length: 15\r\n"),
                &format!(r#"{{"name": "{name}"}}"#),
            );
            connection.write_all(request.as_bytes()).await.unwrap();
            let response = next(&mut connection).await;
            assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
            assert!(response.contains(&format!("{name:?}")), "{response}");
            assert!(!response.contains("\r\nconnection:"), "{response}");
        }
    }
}

#[tokio::test]
async fn a_client_that_offers_an_upgrade_and_asks_to_close_gets_its_response_and_the_close() {
    let server = Server::start(&[]).await;
    let mut connection = server.connect().await;
    let request = "GET /hello/Ada HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n";
    connection.write_all(request.as_bytes()).await.unwrap();
    let response = rest(&mut connection).await;
    assert!(
        response.starts_with("HTTP/1.1 200 ") && response.contains("\r\nconnection: close\r\n"),
        "{response}"
    );
}
