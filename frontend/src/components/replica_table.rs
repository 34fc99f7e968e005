//! The table of replicas.

use yew::prelude::*;

use super::replica_mark::replica_mark;
use crate::state::board::{Board, Replica};

/// One row for each replica that answered within the last minute. Those that are gone fade.
pub fn replica_table(board: &Board) -> Html {
    html! {
        <table>
            <thead>
                <tr>
                    { for ["Pod", "Version", "Answered", "Share", "Median", "p99", "Last seen"].map(|title| html! {
                        <th scope="col">{ title }</th>
                    }) }
                </tr>
            </thead>
            <tbody>{ for board.replicas.iter().map(|replica| row(board, replica)) }</tbody>
        </table>
    }
}

fn row(board: &Board, replica: &Replica) -> Html {
    let figure = |figure: Option<u32>, unit| figure.map_or("\u{2013}".to_owned(), |figure| format!("{figure} {unit}"));
    html! {
        <tr key={replica.id} data-gone={replica.gone.then_some("")}>
            <th scope="row">
                { replica_mark(replica.colour, replica.shape) }
                <span class="pod">{ replica.pod.clone() }</span>
            </th>
            <td><span class="version">{ replica.version.clone() }</span></td>
            <td data-title="answered">{ replica.answered }</td>
            <td data-title="share">{ figure(board.share(replica), "%") }</td>
            <td data-title="median">{ figure(replica.latencies.map(|latencies| latencies.median), "ms") }</td>
            <td data-title="p99">{ figure(replica.latencies.map(|latencies| latencies.p99), "ms") }</td>
            <td data-title="last seen">{ ago(board.silence_of(replica)) }</td>
        </tr>
    }
}

fn ago(seconds: u32) -> String {
    match seconds {
        0 => "now".to_owned(),
        seconds => format!("{seconds} s ago"),
    }
}
