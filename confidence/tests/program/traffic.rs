//! Requests and what becomes of them. Connections are tested in [`connections`](crate::connections).

use std::{collections::BTreeMap, sync::Arc, time::Duration};

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
pub const CONNECTIONS: u32 = 4;

fn field(place: &str) -> Field {
    Field::try_from(place.to_owned()).unwrap()
}

pub fn target(server: &Server) -> Target {
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

pub fn client(target: Target) -> (Arc<Client>, SharedStatistics) {
    let statistics = SharedStatistics::new(Instant::now());
    (Client::new(target, statistics.clone()).unwrap(), statistics)
}

pub async fn send(client: &Client) -> Outcome {
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
pub async fn until(statistics: &SharedStatistics, description: &str, predicate: impl Fn(&RouteStatistics) -> bool) {
    tokio::time::timeout(LIMIT, statistics.until(predicate))
        .await
        .expect(description);
}

/// Sends until the statistics is as described.
pub fn send_until(
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

/// Or the connection tracking of a node would send some to a pod that was dead when their port was last used.
#[cfg(target_os = "linux")]
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
