//! Requests and what becomes of them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use confidence::{
    plan::scenario::Scenario,
    report::{Report, ScenarioReport, Verdict, build},
    traffic::{
        client::{Client, Target},
        field::Field,
        generator::generate,
        outcome::{ConnectionKind, LossKind, Outcome},
        request::{Request, Response},
        statistics::{Observation, RouteStatistics, SharedStatistics},
        tls::TlsSettings,
    },
};
use tokio::{sync::Semaphore, task::JoinHandle, time::Instant};

use crate::server::{Reply, Server, good, response};

const LIMIT: Duration = Duration::from_secs(30);
const CONNECTIONS: u32 = 4;

fn field(place: &str) -> Field {
    Field::try_from(place.to_owned()).unwrap()
}

fn target(server: &Server) -> Target {
    Target {
        url: format!("http://{}", server.address).parse().unwrap(),
        tls: TlsSettings::default(),
        http: None,
        request: Request {
            method: "POST".to_owned(),
            path: "/submit".to_owned(),
            headers: BTreeMap::new(),
            body: r#"{"name": "Ada {token}"}"#.to_owned(),
        },
        response: Response {
            contains: Some("Hello, Ada {token}!".to_owned()),
            pod: Some(field("/pod")),
            version: Some(field("/version")),
            proxy: None,
            retried: Some(field("header:x-retried")),
            ..Response::default()
        },
        connections: CONNECTIONS,
        timeout: LIMIT,
    }
}

fn client(target: Target) -> (Arc<Client>, SharedStatistics) {
    let statistics = SharedStatistics::new(Instant::now());
    (Client::new(target, statistics.clone()).unwrap(), statistics)
}

async fn send(client: &Client) -> Outcome {
    client.send(Instant::now()).await
}

/// Returns the kind of the loss, and of its connection.
async fn lost(client: &Client) -> (LossKind, ConnectionKind) {
    match send(client).await {
        Outcome::Lost(loss) => (loss.kind, loss.connection),
        Outcome::Responded(response) => panic!("responded: {response:?}"),
    }
}

/// Waits until the statistics satisfy a predicate.
async fn until(statistics: &SharedStatistics, description: &str, predicate: impl Fn(&RouteStatistics) -> bool) {
    tokio::time::timeout(LIMIT, statistics.until(predicate))
        .await
        .expect(description);
}

/// Sends until the statistics is as described.
fn send_until(
    client: Arc<Client>,
    statistics: &SharedStatistics,
    description: &'static str,
    predicate: fn(&RouteStatistics) -> bool,
) -> JoinHandle<()> {
    let watched = statistics.clone();
    let enough = async move { until(&watched, description, predicate).await };
    tokio::spawn(generate(client, 1000, enough))
}

fn responded() -> Observation {
    Observation::Outcome {
        outcome: Outcome::Responded(Default::default()),
        due: Duration::ZERO,
        at: Duration::ZERO,
    }
}

/// Returns the report of a run of one scenario with this statistics.
fn report(statistics: &RouteStatistics, expected: Option<&str>) -> Report {
    let route = build::route("direct", statistics, 1.0, |_| expected.map(str::to_owned));
    let mut report = Report::default();
    report.scenarios.push(ScenarioReport {
        scenario: Scenario::Steady,
        title: "steady".to_owned(),
        description: Scenario::Steady.description(),
        is_control: false,
        seconds: 1.0,
        routes: vec![route],
        events: Vec::new(),
        pods: Vec::new(),
        explanations: Vec::new(),
        failure: None,
    });
    report.conclude();
    report
}

#[tokio::test]
async fn a_server_that_responds_loses_nothing() {
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let (client, statistics) = client(target(&server));
    send_until(client, &statistics, "enough are sent", |statistics| {
        statistics.sent >= 200
    })
    .await
    .unwrap();
    let statistics = statistics.take();
    assert!(statistics.sent >= 200);
    assert_eq!(
        (statistics.responded(), statistics.lost(), statistics.retried),
        (statistics.sent, 0, 0)
    );
    let report = report(&statistics, None);
    assert_eq!(report.verdict, Some(Verdict::Passed), "{}", report.summary);
    let route = &report.scenarios[0].routes[0];
    assert_eq!(route.versions, BTreeMap::from([("v1".to_owned(), statistics.sent)]));
    assert_eq!(route.pods, BTreeMap::from([("shop-a".to_owned(), statistics.sent)]));
    assert!(route.latency_ms.p50 > 0.0 && route.latency_ms.p50 <= route.latency_ms.p99);
    assert_eq!(
        route
            .timeline
            .iter()
            .flat_map(|interval| interval.responded.values())
            .sum::<u64>(),
        statistics.sent
    );
}

#[tokio::test]
async fn a_server_that_dies_loses_requests_and_the_verdict_says_so() {
    let server = Server::start(|request| Reply::Send(good(request))).await;
    let (client, statistics) = client(target(&server));
    let sending = send_until(client, &statistics, "several are lost, one is refused", |statistics| {
        statistics.lost() > 1 && statistics.losses.iter().any(|loss| loss.kind == LossKind::Refused)
    });
    until(&statistics, "some are responded", |statistics| {
        statistics.responded() >= 100
    })
    .await;
    drop(server);
    sending.await.unwrap();
    let statistics = statistics.take();
    assert_eq!(statistics.responded() + statistics.lost(), statistics.sent);
    let verdict = report(&statistics, None);
    assert_eq!((verdict.verdict, verdict.exit_code()), (Some(Verdict::Lost), 1));
    assert!(verdict.summary.contains("requests were lost"), "{}", verdict.summary);
    let losses = &verdict.scenarios[0].routes[0].losses;
    assert!(
        losses
            .iter()
            .any(|loss| loss.kind == LossKind::Refused && loss.first <= loss.last)
    );
    assert_eq!(
        report(&statistics, Some("killed on purpose")).verdict,
        Some(Verdict::Passed)
    );
}

#[tokio::test]
async fn a_response_counts_only_with_the_right_status_and_the_token_of_its_request() {
    let someone_elses = |_: &str| Reply::Send(good(r#"{"name": "Grace"}"#));
    let no_json = |_: &str| Reply::Send(response("200 OK", "", "Hello, Ada!"));
    let bad_gateway = |request: &str| Reply::Send(good(request).replace("200 OK", "502 Bad Gateway"));
    for (reply, kind) in [
        (someone_elses as fn(&str) -> Reply, LossKind::WrongContent),
        (no_json, LossKind::WrongContent),
        (bad_gateway, LossKind::WrongStatus),
    ] {
        let server = Server::start(reply).await;
        assert_eq!(lost(&client(target(&server)).0).await.0, kind);
    }
}

#[tokio::test]
async fn every_way_to_lose_a_request_has_its_kind() {
    let close = |_: &str| Reply::SendAndClose(String::new());
    let half = |request: &str| Reply::SendAndClose(good(request).replace("\"v1\"}", ""));
    let garbage = |_: &str| Reply::SendAndClose("what?\r\n\r\n".to_owned());
    for (reply, kind) in [
        (close as fn(&str) -> Reply, LossKind::ResetBeforeResponse),
        (half, LossKind::ResetWithinResponse),
        (garbage, LossKind::WrongContent),
    ] {
        let server = Server::start(reply).await;
        assert_eq!(lost(&client(target(&server)).0).await, (kind, ConnectionKind::New));
    }
    let server = Server::start(|_| Reply::Hang).await;
    let hasty = Target {
        timeout: Duration::from_millis(50),
        ..target(&server)
    };
    assert_eq!(lost(&client(hasty).0).await.0, LossKind::TimedOut);
    let gone = target(&server);
    drop(server);
    tokio::task::yield_now().await;
    assert_eq!(lost(&client(gone.clone()).0).await.0, LossKind::Refused);
    let nowhere = Target {
        url: "http://no-such-host.invalid".parse().unwrap(),
        ..gone
    };
    assert_eq!(lost(&client(nowhere).0).await.0, LossKind::NoAddress);
}

#[tokio::test]
async fn a_retry_that_a_proxy_reports_is_counted() {
    let server = Server::start(|request| {
        let retried = good(request).replace("content-length", "x-retried: true\r\ncontent-length");
        Reply::Send(retried)
    })
    .await;
    let (client, statistics) = client(target(&server));
    client.submit(Instant::now()).await;
    let statistics = statistics.take();
    assert_eq!((statistics.responded(), statistics.retried), (1, 1));
}

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

/// Or the connection tracking of a node would send some to a pod that was dead when their port was last used.
#[cfg(target_os = "linux")]
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
async fn requests_are_sent_when_they_are_due_though_none_is_answered() {
    static ANSWERS: Semaphore = Semaphore::const_new(0);
    let server = Server::start_gated(|request| Reply::Send(good(request)), &ANSWERS).await;
    let (client, statistics) = client(target(&server));
    let sending = send_until(client, &statistics, "all are sent", |statistics| statistics.sent >= 50);
    until(&statistics, "all are sent", |statistics| statistics.sent >= 50).await;
    assert_eq!(statistics.with(|statistics| statistics.responded()), 0);
    ANSWERS.add_permits(1000);
    sending.await.unwrap();
    let statistics = statistics.take();
    assert_eq!(statistics.responded(), statistics.sent);
    let first = statistics
        .responses
        .iter()
        .find(|response| response.due < Duration::from_millis(5))
        .unwrap();
    assert!(
        first.latency >= Duration::from_millis(30),
        "the latency counts from the time a request is due"
    );
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
        let (other, marked) = self::client(target(&marker));
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

#[test]
fn a_run_in_which_nothing_was_run_or_nothing_was_answered_proves_nothing() {
    let mut nothing = Report::default();
    nothing.conclude();
    assert_eq!((nothing.verdict, nothing.exit_code()), (Some(Verdict::Incomplete), 3));
    let mut statistics = RouteStatistics::default();
    assert_eq!(report(&statistics, None).verdict, Some(Verdict::Incomplete));
    statistics.record(Observation::Sent);
    statistics.record(responded());
    let mut report = report(&statistics, None);
    assert_eq!(report.verdict, Some(Verdict::Passed));
    report.scenarios[0].failure = Some("made up".to_owned());
    report.conclude();
    assert_eq!(report.verdict, Some(Verdict::Incomplete));
}

#[test]
fn a_negative_control_must_lose_something() {
    let mut statistics = RouteStatistics::default();
    statistics.record(Observation::Sent);
    statistics.record(responded());
    let mut report = report(&statistics, None);
    report.scenarios[0].is_control = true;
    report.conclude();
    assert_eq!(report.verdict, Some(Verdict::Incomplete));
    report.scenarios[0].routes[0].closed_without_notice = 1;
    report.conclude();
    assert_eq!(report.verdict, Some(Verdict::Passed));
}
