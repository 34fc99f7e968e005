//! Plays the scenarios, one after the other, while the two clients send.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;
use tokio::time::{Instant, interval, sleep_until};

use super::client::Client;
use super::cluster::{App, Cluster};
use super::load::{self, SharedTally};
use super::report::{Report, Row};
use super::scenario::{Scenario, Script};
use super::settings::Settings;

const FRONT_DOOR: &str = "front door";
const STRAIGHT: &str = "straight";

/// Why losses without a proxy prove nothing against the cluster when a process is killed.
const EXCUSE: &str = "it had accepted them, or was still sent them; only who tries again elsewhere loses nothing";

/// Plays all scenarios that the settings ask for. What was seen until an error, or until this future is dropped, is in the
/// report; to [restore](Cluster::restore) the cluster is the caller's duty.
///
/// # Errors
/// Where kubectl does not succeed. A scenario that cannot be played is no error: it is in the report.
pub async fn run(settings: &Settings, cluster: &mut Cluster, report: &mut Report) -> Result<()> {
    let script = Script {
        next: settings.next.clone(),
        rollouts: settings.rollouts,
    };
    let clients = [
        connect(settings, cluster, App::Frontend, settings.front_door.as_deref()).await?,
        connect(settings, cluster, App::Backend, settings.backend.as_deref()).await?,
    ];
    let scenarios = settings.scenarios();
    for (index, &scenario) in scenarios.iter().enumerate() {
        let title = scenario.title(&script);
        eprintln!("{}/{} {title}", index + 1, scenarios.len());
        let tallies = [SharedTally::default(), SharedTally::default()];
        let happens = async {
            let earliest_end = Instant::now() + settings.duration;
            let played = play(scenario, cluster, &script).await;
            sleep_until(earliest_end).await;
            played
        };
        let played = send_while(happens, &clients, settings.rate, &tallies).await;
        let [front_door, straight] = tallies.map(|tally| tally.read());
        report.add(Row {
            scenario: title.clone(),
            through: FRONT_DOOR,
            tally: front_door,
            excuse: None,
        });
        report.add(Row {
            scenario: title.clone(),
            through: STRAIGHT,
            tally: straight,
            excuse: scenario.excuses_losses_without_a_proxy().then_some(EXCUSE),
        });
        if let Err(error) = played {
            report.add_failure(format!("{title}: could not be played: {error:#}"));
            cluster.restore().await?;
        }
    }
    Ok(())
}

/// Makes it happen, and waits until the last pod that it ended is gone: that one, too, must lose nothing.
async fn play(scenario: Scenario, cluster: &mut Cluster, script: &Script) -> Result<()> {
    scenario.play(cluster, script).await?;
    cluster.settle().await
}

/// Both clients send while it happens.
async fn send_while<T>(
    happens: impl Future<Output = T>,
    [front_door, straight]: &[Arc<Client>; 2],
    rate: u32,
    tallies: &[SharedTally; 2],
) -> T {
    let (over, is_over) = watch::channel(false);
    let until_over = || {
        let mut is_over = is_over.clone();
        async move { is_over.wait_for(|over| *over).await.map(drop) }
    };
    let happens = async {
        let outcome = happens.await;
        over.send_replace(true);
        outcome
    };
    let (outcome, (), (), ()) = tokio::join!(
        happens,
        load::run(front_door.clone(), rate, tallies[0].clone(), until_over()),
        load::run(straight.clone(), rate, tallies[1].clone(), until_over()),
        show_progress(tallies, until_over()),
    );
    outcome
}

async fn connect(settings: &Settings, cluster: &Cluster, app: App, given: Option<&str>) -> Result<Arc<Client>> {
    let address = match given {
        Some(address) => address.to_owned(),
        None => cluster.address(app).await?,
    };
    eprintln!("{}: {address}", app.name());
    Ok(Arc::new(Client::new(&address, settings.connections, settings.timeout)?))
}

async fn show_progress(tallies: &[SharedTally; 2], until: impl Future) {
    let start = Instant::now();
    let mut tick = interval(Duration::from_secs(5));
    tick.tick().await; // the first is at once
    tokio::pin!(until);
    loop {
        tokio::select! {
            _ = &mut until => return,
            _ = tick.tick() => (),
        }
        let [front_door, straight] = [tallies[0].read(), tallies[1].read()];
        let versions: Vec<_> = front_door
            .versions
            .union(&straight.versions)
            .map(String::as_str)
            .collect();
        eprintln!(
            "  {:>3} s  {FRONT_DOOR}: {} sent, {} lost   {STRAIGHT}: {} sent, {} lost   seen: {}",
            start.elapsed().as_secs(),
            front_door.sent,
            front_door.lost(),
            straight.sent,
            straight.lost(),
            versions.join(", "),
        );
    }
}
