//! Measures the load generator: how much of one core does a rate of requests take, and is each sent when it is due?
//!
//! `cargo run --release --package confidence --example load -- 2000 10` sends 2,000 requests per second for 10 seconds to a
//! server in this process. The generator has one thread of its own. Linux only: the kernel says how long that thread ran.

use std::{convert::Infallible, time::Duration};

use anyhow::{Context, Result};
use bytes::Bytes;
use confidence::{
    report::build,
    traffic::{
        client::{Client, Target},
        generator::generate,
        request::{Request, Response},
        statistics::SharedStatistics,
        tls::TlsSettings,
    },
};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    runtime::Builder,
    time::{Instant, sleep},
};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let rate: u32 = arguments
        .next()
        .map_or(Ok(2000), |rate| rate.parse())
        .context("the rate is a number")?;
    let seconds: u64 = arguments
        .next()
        .map_or(Ok(10), |time| time.parse())
        .context("the time is a number of seconds")?;
    let (sender, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let served = Builder::new_current_thread().enable_all().build().map(|runtime| {
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                sender
                    .send(listener.local_addr()?)
                    .context("the generator waits for the address")?;
                serve(listener).await
            })
        });
        eprintln!("the server has ended: {served:?}");
    });
    let address = address.recv().context("the server does not start")?;
    let target = Target {
        url: format!("http://{address}").parse()?,
        tls: TlsSettings::default(),
        http: None,
        request: Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            headers: Default::default(),
            body: r#"{"name": "Ada Lovelace {token}"}"#.to_owned(),
        },
        response: Response {
            contains: Some("Ada Lovelace {token}".to_owned()),
            ..Response::default()
        },
        connections: 8,
        timeout: Duration::from_secs(30),
    };
    let (statistics, busy) = Builder::new_current_thread().enable_all().build()?.block_on(async {
        let statistics = SharedStatistics::new(Instant::now());
        let client = Client::new(target, statistics.clone())?;
        let before = thread_time()?;
        generate(client, rate, sleep(Duration::from_secs(seconds))).await;
        anyhow::Ok((statistics.take(), thread_time()? - before))
    })?;
    let report = build::route("load", &statistics, seconds as f64, |_| None);
    println!(
        "{} sent in {seconds} s, {} lost, latency from due: p50 {:.2} ms, p99 {:.2} ms; the generator took {:.0} % of a core",
        report.sent,
        report.lost,
        report.latency_ms.p50,
        report.latency_ms.p99,
        busy.as_secs_f64() / seconds as f64 * 100.0
    );
    Ok(())
}

async fn serve(listener: TcpListener) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let echo = service_fn(|request: hyper::Request<Incoming>| async {
            let body = request
                .into_body()
                .collect()
                .await
                .map(|body| body.to_bytes())
                .unwrap_or_default();
            Ok::<_, Infallible>(hyper::Response::new(Full::<Bytes>::new(body)))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), echo));
    }
}

/// Returns how long this thread has run on a processor.
fn thread_time() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().context("schedstat is empty")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}
