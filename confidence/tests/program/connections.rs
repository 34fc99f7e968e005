//! Which connections requests are sent on, and how connections end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use confidence::traffic::{client::Target, outcome::Outcome};
use tokio::time::Instant;

use crate::{
    server::{Reply, Server, good},
    traffic::{CONNECTIONS, client, send, send_until, target, until},
};

#[tokio::test]
async fn half_of_the_requests_are_sent_on_kept_alive_connections() {
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let (client, _tally) = client(target(&server));
    for _ in 0..80 {
        assert!(matches!(send(&client).await, Outcome::Responded(_)));
    }
    assert_eq!(server.accepted.lock().unwrap().len(), 40 + CONNECTIONS as usize);
}

#[tokio::test]
async fn without_connections_to_keep_alive_every_request_is_sent_on_a_new_one() {
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let target = Target {
        connections: 0,
        ..target(&server)
    };
    let (client, _tally) = client(target);
    for _ in 0..20 {
        assert!(matches!(send(&client).await, Outcome::Responded(_)));
    }
    assert_eq!(server.accepted.lock().unwrap().len(), 20);
}

#[tokio::test]
async fn no_source_port_is_used_again_before_all_others() {
    let servers = [
        Server::start(|request| Reply::Send(good(request))).await,
        Server::start(|request| Reply::Send(good(request))).await,
    ];
    let clients = servers.each_ref().map(|server| client(target(server)).0);
    let mut ports = Vec::new();
    for _ in 0..40 {
        for (client, server) in clients.iter().zip(&servers) {
            let known = server.accepted.lock().unwrap().len();
            send(client).await;
            ports.extend(server.accepted.lock().unwrap()[known..].iter().copied().map(u32::from));
        }
    }
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let range: Vec<u32> = range.split_whitespace().map(|port| port.parse().unwrap()).collect();
    let number = range[1] - range[0] + 1;
    let after_first = |port: &u32| (port + number - ports[0]) % number;
    assert!(ports.len() >= 2 * (20 + CONNECTIONS as usize));
    assert!(ports.iter().map(after_first).is_sorted_by(|a, b| a < b), "{ports:?}");
}

#[tokio::test]
async fn a_connection_that_is_closed_without_notice_is_counted_and_an_announced_one_is_not() {
    for (reply, closed) in [
        (
            (|request: &str| Reply::SendAndClose(good(request))) as fn(&str) -> Reply,
            1,
        ),
        (
            |request: &str| {
                let announced = good(request).replace("content-length", "connection: close\r\ncontent-length");
                Reply::SendAndClose(announced)
            },
            0,
        ),
    ] {
        let server = Server::start(reply).await;
        let (client, statistics) = client(target(&server));
        client.submit(Instant::now()).await;
        let marker = Server::start(|request| Reply::SendAndClose(good(request))).await;
        let (other, marked) = crate::traffic::client(target(&marker));
        other.submit(Instant::now()).await;
        until(&marked, "the marker's close is noticed", |statistics| {
            statistics.closed_without_notice.len() == 1
        })
        .await;
        statistics.with(|statistics| {
            assert_eq!(
                (statistics.responded(), statistics.closed_without_notice.len()),
                (1, closed)
            );
        });
    }
}

#[tokio::test]
async fn a_close_that_a_later_response_announces_is_not_counted() {
    let server = Server::start(|request: &str| {
        if crate::server::name(request).ends_with("-0000000") {
            return Reply::Send(good(request));
        }
        Reply::SendAndClose(good(request).replace("content-length", "connection: close\r\ncontent-length"))
    })
    .await;
    let target = Target {
        connections: 1,
        ..target(&server)
    };
    let (client, statistics) = client(target);
    for _ in 0..3 {
        client.submit(Instant::now()).await; // the first and the third on one connection
    }
    assert_eq!(server.accepted.lock().unwrap().len(), 2);
    statistics.with(|statistics| assert_eq!((statistics.responded(), statistics.closed_without_notice.len()), (3, 0)));
}

#[tokio::test]
async fn a_request_that_was_sent_is_never_sent_again() {
    let seen = Arc::new(Mutex::new(BTreeMap::<String, u32>::new()));
    let counter = seen.clone();
    let server = Server::start(move |request| {
        let mut seen = counter.lock().unwrap();
        *seen.entry(crate::server::name(request).to_owned()).or_default() += 1;
        match seen.len() % 3 {
            0 => Reply::SendAndClose(String::new()),
            1 => Reply::SendAndClose(good(request)),
            _ => Reply::Send(good(request)),
        }
    })
    .await;
    let (client, statistics) = client(target(&server));
    send_until(client, &statistics, "enough are sent", |statistics| {
        statistics.sent >= 300
    })
    .await
    .unwrap();
    let statistics = statistics.take();
    let seen = seen.lock().unwrap();
    assert!(seen.values().all(|&times| times == 1), "{seen:?}");
    assert!(statistics.lost() > 0 && statistics.responded() > 0);
    assert!(!statistics.closed_without_notice.is_empty());
}
