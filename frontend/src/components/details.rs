//! The details: a table of the replicas.

use yew::prelude::*;

use super::{marks::mark, text::pod_name};
use crate::state::{Cluster, cluster::Replica, text::age};

/// The columns, and what needs an explanation.
const COLUMNS: [(&str, &str); 8] = [
    ("Pod", ""),
    ("Version", ""),
    ("Answered", ""),
    ("Share", "Of the answers of the last ten seconds"),
    ("Median", "Half of the answers of the last minute came faster than this"),
    ("p99", "99 of 100 answers of the last minute came faster than this"),
    ("Restarts", "How often its process was seen to start again"),
    ("Uptime", ""),
];

/// A row for each replica of the last minute, and how to switch faults on where they are off.
pub fn details(cluster: &Cluster) -> Html {
    let column = |(title, explanation): (&'static str, &'static str)| {
        html! {
            <th scope="col">
                if explanation.is_empty() { { title } } else { <abbr title={explanation}>{ title }</abbr> }
            </th>
        }
    };
    let accepts_faults = cluster.replicas.iter().any(|replica| replica.accepts_faults);
    html! {
        <details class="details">
            <summary>{ "Details of each replica" }</summary>
            <p class="quiet">
                { "Retried: sent again, to another replica, because the first one did not answer. The user notices nothing." }
                if !accepts_faults {
                    <br />
                    { "To break a replica on purpose, start the backend with " }
                    <code translate="no">{ "K8S_DEMO_FAULTS=true" }</code>
                    { ": in a cluster by " }
                    <code translate="no">{ "kubectl set env deployment k8s-demo-backend K8S_DEMO_FAULTS=true" }</code>
                }
            </p>
            <div class="scroll">
                <table translate="no">
                    <thead><tr>{ for COLUMNS.map(column) }</tr></thead>
                    <tbody>{ for cluster.replicas.iter().map(|replica| row(cluster, replica)) }</tbody>
                </table>
            </div>
        </details>
    }
}

fn row(cluster: &Cluster, replica: &Replica) -> Html {
    let none = || "\u{2013}".to_owned();
    let share = if replica.is_answering() {
        format!("{} %", replica.share)
    } else {
        none()
    };
    let latency = |of: fn(crate::state::cluster::Latencies) -> u32| {
        replica
            .latencies
            .map_or_else(none, |latencies| format!("{} ms", of(latencies)))
    };
    html! {
        <tr key={replica.id}>
            <th scope="row">{ mark(replica.version) }{ " " }{ pod_name(&replica.pod) }</th>
            <td>{ cluster.versions[replica.version].clone() }</td>
            <td>{ replica.answered }</td>
            <td>{ share }</td>
            <td>{ latency(|latencies| latencies.median) }</td>
            <td>{ latency(|latencies| latencies.p99) }</td>
            <td data-title="restarts">{ replica.restarts }</td>
            <td>{ replica.uptime(cluster.now).map_or_else(none, age) }</td>
        </tr>
    }
}
