//! The requests of one scenario: on every route, at a steady rate, by this machine or by a pod in the cluster.

use std::time::Duration;

use anyhow::Result;
use futures::future::join_all;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::generator_pod::GeneratorPod;
use crate::{
    cluster::Cluster,
    traffic::{
        client::{Client, Target},
        generator::generate,
        statistics::SharedStatistics,
    },
};

/// Requests per second while a route has not responded yet.
const REACHABLE_RATE: u32 = 2;

/// Sends requests, and counts what becomes of them.
pub struct Load<'a> {
    cluster: &'a Cluster,
    /// The image of the pod that sends. Without it, this machine does.
    image: Option<&'a str>,
    start: Instant,
    routes: Vec<(&'a str, &'a Target, SharedStatistics)>,
}

impl<'a> Load<'a> {
    /// Returns a load that is not sent yet. Times are counted from `start`.
    pub fn new(cluster: &'a Cluster, image: Option<&'a str>, routes: &'a [(String, Target)], start: Instant) -> Self {
        let routes = routes
            .iter()
            .map(|(name, target)| (name.as_str(), target, SharedStatistics::new(start)));
        Self {
            cluster,
            image,
            start,
            routes: routes.collect(),
        }
    }

    /// Returns what was seen on each route.
    pub fn statistics(&self) -> impl Iterator<Item = (&str, &SharedStatistics)> {
        self.routes.iter().map(|(name, _, statistics)| (*name, statistics))
    }

    /// Sends until something has happened. Returns its outcome and how long it took; later responses count too.
    pub async fn send_during<T>(&self, rate: u32, happens: impl Future<Output = Result<T>>) -> (Result<T>, Duration) {
        match self.image {
            None => self.send_from_here(rate, happens).await,
            Some(image) => self.send_from_pod(image, rate, happens).await,
        }
    }

    async fn send_from_here<T>(&self, rate: u32, happens: impl Future<Output = Result<T>>) -> (Result<T>, Duration) {
        let (over, is_over) = watch::channel(false);
        let mut generators = JoinSet::new();
        for (_, target, statistics) in &self.routes {
            let mut is_over = is_over.clone();
            let until = async move { is_over.wait_for(|over| *over).await.is_ok() };
            match Client::new((*target).clone(), statistics.clone()) {
                Ok(client) => generators.spawn(generate(client, rate, until)),
                Err(error) => return (Err(error), self.start.elapsed()),
            };
        }
        let outcome = happens.await;
        let took = self.start.elapsed();
        over.send_replace(true);
        while generators.join_next().await.is_some() {}
        (outcome, took)
    }

    async fn send_from_pod<T>(
        &self,
        image: &str,
        rate: u32,
        happens: impl Future<Output = Result<T>>,
    ) -> (Result<T>, Duration) {
        let targets: Vec<_> = self.routes.iter().map(|(_, target, _)| (*target).clone()).collect();
        let statistics: Vec<_> = self
            .routes
            .iter()
            .map(|(_, _, statistics)| statistics.clone())
            .collect();
        let pod = match GeneratorPod::start(self.cluster, image, targets, rate).await {
            Ok(pod) => pod,
            Err(error) => return (Err(error), self.start.elapsed()),
        };
        let mut following = std::pin::pin!(pod.follow(&statistics));
        let outcome = tokio::select! {
            outcome = happens => outcome,
            ended = &mut following => {
                let error = ended.err().unwrap_or_else(|| anyhow::anyhow!("the pod that sends requests has ended"));
                return (Err(error), self.start.elapsed());
            }
        };
        let took = self.start.elapsed();
        let stopped = async {
            pod.stop().await?;
            following.await
        };
        (stopped.await.and(outcome), took)
    }

    /// Sends until every route has given the right response. Returns whether all did, within `limit`.
    pub async fn wait_until_reachable(&self, limit: Duration) -> Result<bool> {
        let responded = self
            .routes
            .iter()
            .map(|(_, _, seen)| seen.until(|seen| seen.responded() > 0));
        let all = async {
            let all = timeout(limit, join_all(responded)).await;
            Ok(all.is_ok())
        };
        match self.image {
            // What was sent to a route that does not respond is not awaited.
            None => {
                let mut sending =
                    std::pin::pin!(self.send_from_here(REACHABLE_RATE, std::future::pending::<Result<()>>()));
                tokio::select! {
                    all = all => all,
                    (failed, _) = &mut sending => failed.map(|()| false),
                }
            }
            Some(image) => self.send_from_pod(image, REACHABLE_RATE, all).await.0,
        }
    }
}
