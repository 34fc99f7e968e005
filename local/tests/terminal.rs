//! A person types every command while submissions are sent: none is lost, and Ctrl-C leaves nothing behind.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Error, Result, Write},
    net::{Ipv4Addr, SocketAddr},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hyper::{Method, Request, StatusCode};
use local::http1::{self, Body};
use rustix::{
    fs::{Mode, OFlags, open},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

/// Longer than any step takes on a busy machine.
const STEP_TIMEOUT: Duration = Duration::from_secs(60);

/// The program with its three replicas, and the terminal that it reads from.
struct Local {
    process: Child,
    address: SocketAddr,
    terminal: File,
    output: Lines<BufReader<ChildStderr>>,
}

impl Local {
    async fn start() -> Result<Self> {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&terminal)?;
        unlockpt(&terminal)?;
        let keyboard = open(
            ptsname(&terminal, Vec::new())?,
            OFlags::RDWR | OFlags::NOCTTY,
            Mode::empty(),
        )?;
        let mut process = Command::new(env!("CARGO_BIN_EXE_local"))
            .args(["--port", "0"])
            .stdin(keyboard)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = process.stderr.take().ok_or_else(|| Error::other("stderr is a pipe"))?;
        let mut local = Self {
            process,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            terminal: terminal.into(),
            output: BufReader::new(output).lines(),
        };
        let line = local.until_printed("The backend: http://").await?;
        let address = line.split(['/', ' ']).find_map(|part| part.parse().ok());
        local.address = address.ok_or_else(|| Error::other(format!("no address: {line}")))?;
        local.until_printed("Type a command: scale 5, rollout v2").await?;
        Ok(local)
    }

    async fn until_printed(&mut self, text: &str) -> Result<String> {
        let printed = async {
            while let Some(line) = self.output.next_line().await? {
                if line.contains(text) {
                    return Ok(line);
                }
            }
            Err(Error::other(format!("it ended before it printed {text:?}")))
        };
        let late = |_| Error::other(format!("not printed: {text:?}"));
        timeout(STEP_TIMEOUT, printed).await.map_err(late)?
    }

    /// Types a command, and waits until a text is printed.
    async fn type_until(&mut self, command: &str, text: &str) -> Result<String> {
        writeln!(self.terminal, "{command}")?;
        self.until_printed(text).await
    }

    /// Waits until a response to a request fulfils the condition.
    async fn until(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        predicate: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let response = async {
            loop {
                if let Some(response) = send(self.address, method.clone(), path, body).await
                    && predicate(&response)
                {
                    return response;
                }
            }
        };
        let late = |_| Error::other(format!("no such response of {path}"));
        timeout(STEP_TIMEOUT, response).await.map_err(late)
    }

    async fn submit_until(&self, predicate: impl Fn(&Value) -> bool) -> Result<Value> {
        self.until(Method::POST, api::path::SUBMISSIONS, &json!({"name": "Ada"}), predicate)
            .await
    }

    async fn until_pods(&self, number: usize) -> Result<()> {
        let pods = std::cell::RefCell::new(BTreeSet::new());
        let predicate = |response: &Value| {
            pods.borrow_mut().insert(response["pod"].to_string());
            pods.borrow().len() == number
        };
        self.submit_until(predicate).await.map(drop)
    }
}

/// Returns the body of a successful response.
async fn send(address: SocketAddr, method: Method, path: &str, body: &Value) -> Option<Value> {
    use http_body_util::BodyExt;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .ok()?;
    let response = http1::send(address, request).await.ok()?;
    let is_success = matches!(response.status(), StatusCode::OK | StatusCode::ACCEPTED);
    let body = response.into_body().collect().await.ok()?.to_bytes();
    is_success.then(|| serde_json::from_slice(&body).ok()).flatten()
}

/// Sends 40 submissions a second, each once, until `ended`. Returns how many were sent, and how many of them got no response.
async fn submit_continuously(address: SocketAddr, ended: Arc<AtomicBool>) -> (usize, usize) {
    let mut ticks = interval(Duration::from_millis(25));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut submissions = JoinSet::new();
    while !ended.load(Ordering::Relaxed) {
        ticks.tick().await;
        submissions.spawn(async move {
            let body = json!({"name": "Ada"});
            send(address, Method::POST, api::path::SUBMISSIONS, &body).await
        });
    }
    let outcomes = submissions.join_all().await;
    (
        outcomes.len(),
        outcomes.iter().filter(|outcome| outcome.is_none()).count(),
    )
}

#[tokio::test]
async fn no_submission_is_lost_while_a_person_types_every_command() -> Result<()> {
    let mut local = Local::start().await?;
    let ended = Arc::new(AtomicBool::new(false));
    let submissions = tokio::spawn(submit_continuously(local.address, ended.clone()));

    local
        .type_until("scale 5", "kubectl scale deployment k8s-demo-backend --replicas=5")
        .await?;
    local.until_printed("5 of 5 replicas of v1 are ready").await?;
    local.until_pods(5).await?;
    local
        .type_until(
            "rollout v2",
            "kubectl set image deployment k8s-demo-backend backend=k8s-demo-backend:v2",
        )
        .await?;
    local.until_printed("5 of 5 replicas of v2 are ready").await?;
    local.submit_until(|response| response["version"] == "v2").await?;

    local.type_until("broken", "K8S_DEMO_NEVER_READY=true").await?;
    let broken = local
        .until(Method::GET, api::path::REPLICA, &Value::Null, |replica| {
            replica["ready"] == false
        })
        .await?;
    local.type_until("undo", "kubectl rollout undo").await?;
    local.until_printed("5 of 5 replicas of v2 are ready").await?;
    local.type_until("status", "RESTARTS").await?;
    local.type_until("rollout v1", "image updated").await?;
    local.until_printed("5 of 5 replicas of v1 are ready").await?;

    let pod = local.submit_until(|_| true).await?["pod"].clone();
    assert_ne!(pod, broken["pod"]);
    let fault = json!({"pod": pod, "fault": "crash", "seconds": 1});
    local.until(Method::POST, api::path::FAULTS, &fault, |_| true).await?;
    local.until_printed("exited (exit status: 1); restarting it").await?;
    local.until_printed("5 of 5 replicas of v1 are ready").await?;
    let deleted = local
        .type_until("delete", "kubectl delete pod k8s-demo-backend-")
        .await?;
    local.until_printed("5 of 5 replicas of v1 are ready").await?;
    local
        .type_until(&format!("delete {}", &deleted[deleted.len() - 5..]), "not found")
        .await?;

    // Up to here, because a single replica that is deleted loses submissions where its successor takes longer than it drains.
    ended.store(true, Ordering::Relaxed);
    let (sent, lost) = submissions.await.map_err(Error::other)?;
    assert_eq!(lost, 0, "of {sent}");

    local.type_until("scale 1", "scaled").await?;
    local.until_printed("1 of 1 replicas of v1 are ready").await?;
    local.type_until("delete", "deleted").await?;
    local.until_printed("1 of 1 replicas of v1 are ready").await?;
    Ok(())
}

#[tokio::test]
async fn what_is_no_command_is_explained_and_ctrl_c_leaves_nothing_behind() -> Result<()> {
    let mut local = Local::start().await?;
    local.type_until("scael 3", "scale").await?;
    local.type_until("scale many", "invalid").await?;
    local.type_until("undo", "error: no rollout history found").await?;
    local
        .type_until("help", "Roll out a release that never becomes ready")
        .await?;

    let pid = local.process.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    kill_process(pid.ok_or_else(|| Error::other("it runs"))?, Signal::INT)?;
    let exit = timeout(STEP_TIMEOUT, local.process.wait())
        .await
        .map_err(Error::other)??;
    assert_eq!(exit.code(), Some(130));
    // The replicas hold this pipe, too: it ends when they have.
    while let Some(line) = local.output.next_line().await? {
        assert!(!line.contains("restarting"), "{line}");
    }
    Ok(())
}
