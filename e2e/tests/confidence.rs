//! The confidence run's load and its verdict, without a cluster: does it count what happens, and does it notice a loss?

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use api::{Answer, Submission, path};
use e2e::backend_process::BackendProcess;
use e2e::confidence::client::{Client, Outcome};
use e2e::confidence::load::{self, SharedTally};
use e2e::confidence::report::{Report, Row};
use e2e::confidence::tally::Tally;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

const LIMIT: Duration = Duration::from_secs(30);
const CONNECTIONS: u32 = 4;

fn client(address: SocketAddr) -> Result<Arc<Client>> {
    Client::new(&format!("http://{address}"), CONNECTIONS, LIMIT).map(Arc::new)
}

/// A server of submissions that answers as it is told to. It ends with the test.
fn server(answer: fn(Submission) -> HttpResponse, accepted: Arc<AtomicUsize>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || {
        let submit = move |submission: web::Json<Submission>| async move { answer(submission.into_inner()) };
        App::new().route(path::SUBMISSIONS, web::post().to(submit))
    })
    .workers(1)
    .on_connect(move |_, _| {
        accepted.fetch_add(1, Ordering::Relaxed);
    })
    .listen(listener)?
    .run();
    tokio::spawn(server);
    Ok(address)
}

fn good(submission: Submission) -> HttpResponse {
    HttpResponse::Ok().json(Answer {
        message: format!("Hello, {}!", submission.name),
        pod: "backend-a".to_owned(),
        version: "v1".to_owned(),
    })
}

/// Waits until the tally is as described.
async fn until(tally: &SharedTally, description: &str, is_so: impl Fn(Tally) -> bool) {
    let poll = async {
        while !is_so(tally.read()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(LIMIT, poll).await.expect(description);
}

/// Sends until the tally is as described.
fn send_until(
    client: Arc<Client>,
    tally: &SharedTally,
    description: &'static str,
    is_so: fn(Tally) -> bool,
) -> JoinHandle<()> {
    let watched = tally.clone();
    let enough = async move { until(&watched, description, is_so).await };
    tokio::spawn(load::run(client, 1000, tally.clone(), enough))
}

fn any_refused(tally: Tally) -> bool {
    tally.lost.keys().any(|cause| cause.contains("refused"))
}

fn lost_because(outcome: Outcome) -> String {
    match outcome {
        Outcome::Lost(cause) => cause,
        Outcome::Answered { answer, .. } => panic!("answered: {answer:?}"),
    }
}

fn report(tally: Tally, excuse: Option<&'static str>) -> Report {
    let mut report = Report::default();
    let scenario = "made up".to_owned();
    report.add(Row {
        scenario,
        through: "straight",
        tally,
        excuse,
    });
    report
}

#[tokio::test]
async fn a_backend_that_lives_loses_nothing() -> Result<()> {
    let backend = BackendProcess::start("backend-a", "v1").await?;
    let tally = SharedTally::default();
    send_until(client(backend.address)?, &tally, "enough are sent", |tally| {
        tally.sent >= 200
    })
    .await?;
    let tally = tally.read();
    assert!(tally.sent >= 200);
    assert_eq!((tally.answered, tally.lost(), tally.retried), (tally.sent, 0, 0));
    assert!(tally.versions.contains("v1") && tally.backend_pods.contains("backend-a"));
    assert!(tally.quantile(0.5) > Duration::ZERO && tally.quantile(0.5) <= tally.quantile(0.99));
    assert!(report(tally, None).holds());
    Ok(())
}

#[tokio::test]
async fn a_backend_that_is_killed_loses_submissions_and_the_verdict_says_so() -> Result<()> {
    let backend = BackendProcess::start("backend-a", "v1").await?;
    let tally = SharedTally::default();
    let sending = send_until(client(backend.address)?, &tally, "one is refused", any_refused);
    until(&tally, "some are answered", |tally| tally.answered >= 100).await;
    backend.kill().await?;
    sending.await?;
    let tally = tally.read();
    assert_eq!(tally.answered + tally.lost(), tally.sent);
    let verdict = report(tally.clone(), None);
    assert!(!verdict.holds() && verdict.to_string().contains("submissions were lost"));
    assert!(report(tally, Some("killed on purpose")).holds());
    Ok(())
}

#[tokio::test]
async fn an_answer_counts_only_with_the_right_status_and_that_very_name() -> Result<()> {
    let anybody = |_| {
        good(Submission {
            name: "Grace Hopper".to_owned(),
        })
    };
    let broken = |_| HttpResponse::Ok().body("<html>");
    let away = |submission| {
        let mut response = good(submission);
        *response.head_mut() = HttpResponse::BadGateway().finish().head().clone();
        response
    };
    for (answer, cause) in [
        (anybody as fn(Submission) -> HttpResponse, "somebody else's message"),
        (broken, "no answer"),
        (away, "502"),
    ] {
        let outcome = client(server(answer, Arc::default())?)?.submit().await;
        let lost = lost_because(outcome);
        assert!(lost.contains(cause), "{lost:?} does not tell of {cause:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_retry_that_nginx_tells_of_is_counted() -> Result<()> {
    let retried = |submission| {
        let mut response = good(submission);
        let headers = response.headers_mut();
        headers.insert("x-retried".parse().unwrap(), "true".parse().unwrap());
        headers.insert("x-frontend-pod".parse().unwrap(), "frontend-a".parse().unwrap());
        response
    };
    let mut tally = Tally::default();
    tally.sent();
    tally.record(
        client(server(retried, Arc::default())?)?.submit().await,
        Duration::from_millis(5),
    );
    assert_eq!((tally.answered, tally.retried), (1, 1));
    assert!(tally.frontend_pods.contains("frontend-a"));
    Ok(())
}

#[tokio::test]
async fn half_of_the_submissions_go_over_kept_alive_connections() -> Result<()> {
    let accepted = Arc::new(AtomicUsize::new(0));
    let client = client(server(good, accepted.clone())?)?;
    for _ in 0..80 {
        assert!(matches!(client.submit().await, Outcome::Answered { .. }));
    }
    assert_eq!(accepted.load(Ordering::Relaxed), 40 + CONNECTIONS as usize);
    Ok(())
}

#[tokio::test]
async fn submissions_are_sent_when_they_are_due_though_none_is_answered() -> Result<()> {
    static ANSWERS: Semaphore = Semaphore::const_new(0);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = HttpServer::new(|| {
        let submit = |submission: web::Json<Submission>| async {
            let _turn = ANSWERS.acquire().await;
            good(submission.into_inner())
        };
        App::new().route(path::SUBMISSIONS, web::post().to(submit))
    });
    tokio::spawn(server.workers(1).listen(listener)?.run());
    let tally = SharedTally::default();
    let sending = send_until(client(address)?, &tally, "all are sent", |tally| tally.sent >= 50);
    until(&tally, "all are sent", |tally| tally.sent >= 50).await;
    assert_eq!(tally.read().answered, 0);
    ANSWERS.add_permits(1000);
    sending.await?;
    assert_eq!(tally.read().answered, tally.read().sent);
    Ok(())
}

#[test]
fn a_run_in_which_nothing_was_played_or_nobody_answered_proves_nothing() {
    assert!(!Report::default().holds());
    assert!(!report(Tally::default(), None).holds());
    let mut tally = Tally::default();
    tally.sent();
    let answer = Answer {
        message: String::new(),
        pod: String::new(),
        version: String::new(),
    };
    tally.record(
        Outcome::Answered {
            answer,
            frontend_pod: None,
            retried: false,
        },
        Duration::ZERO,
    );
    let mut report = report(tally, None);
    assert!(report.holds());
    report.add_failure("made up: could not be played".to_owned());
    assert!(!report.holds());
}
