//! Requests to the API server. A request is finished even if its caller is dropped: the API server may make a change whose scenario
//! was interrupted, and the cluster is restored after it.

use anyhow::{Context, Result};
use kube::{Client, Config, client::ClientBuilder};
use tokio_util::task::TaskTracker;
use tower::{BoxError, util::MapFutureLayer};

/// Returns a client, and the tracker of its requests. The body of a response, such as that of a watch, does not count.
pub fn client(config: Config) -> Result<(Client, TaskTracker)> {
    let requests = TaskTracker::new();
    requests.close(); // one can wait for them at any time
    let tracker = requests.clone();
    let finished = MapFutureLayer::new(move |request| {
        let request = tracker.spawn(request);
        async { request.await.map_err(BoxError::from).flatten() }
    });
    let builder = ClientBuilder::try_from(config).context("cannot use the kubeconfig")?;
    Ok((builder.with_layer(&finished).build(), requests))
}
