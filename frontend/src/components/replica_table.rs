//! The table of replicas.

use api::Fault;
use yew::prelude::*;

use super::{fault_menu::fault_menu, replica_mark::replica_mark};
use crate::state::{Board, board::Replica};

const TITLES: [&str; 9] = [
    "Pod",
    "Version",
    "Answered",
    "Share",
    "Median",
    "p99",
    "Restarts",
    "Uptime",
    "Last seen",
];

/// One row for each replica that answered within the last minute. Those that are gone are dimmed. Where a replica injects
/// faults, its row has a menu of them.
pub fn replica_table(board: &Board, on_fault: &Callback<(String, Fault)>) -> Html {
    let has_menus = board.replicas.iter().any(|replica| replica.accepts_faults);
    html! {
        <table>
            <thead>
                <tr>
                    { for TITLES.map(|title| html! { <th scope="col">{ title }</th> }) }
                    if has_menus {
                        <th scope="col">{ "Fault" }</th>
                    }
                </tr>
            </thead>
            <tbody>{ for board.replicas.iter().map(|replica| row(board, replica, has_menus.then_some(on_fault))) }</tbody>
        </table>
    }
}

fn row(board: &Board, replica: &Replica, on_fault: Option<&Callback<(String, Fault)>>) -> Html {
    let fault = board.incident_of(replica).and_then(|incident| incident.fault);
    let figure = |figure: Option<u32>, unit| figure.map_or("\u{2013}".to_owned(), |figure| format!("{figure} {unit}"));
    html! {
        <tr key={replica.id} translate="no" data-gone={replica.gone.then_some("")}>
            <th scope="row">
                { replica_mark(replica.colour, replica.shape) }
                <span class="pod">{ replica.pod.clone() }</span>
                if let Some(fault) = fault {
                    <span class="fault">{ fault.as_str() }</span>
                }
            </th>
            <td><span class="version">{ replica.version.clone() }</span></td>
            <td data-title="answered">{ replica.answered }</td>
            <td data-title="share">{ figure(board.share(replica), "%") }</td>
            <td data-title="median">{ figure(replica.latencies.map(|latencies| latencies.median), "ms") }</td>
            <td data-title="p99">{ figure(replica.latencies.map(|latencies| latencies.p99), "ms") }</td>
            <td data-title="restarts">{ replica.restarts }</td>
            <td data-title="uptime">{ board.uptime(replica).map_or("\u{2013}".to_owned(), duration) }</td>
            <td data-title="last seen">{ ago(board.seconds_since_seen(replica)) }</td>
            if let Some(on_fault) = on_fault {
                <td>
                    if replica.accepts_faults && !replica.gone && board.running {
                        { fault_menu(replica, on_fault) }
                    }
                </td>
            }
        </tr>
    }
}

/// Returns a duration in its largest unit.
fn duration(seconds: u32) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn ago(seconds: u32) -> String {
    match seconds {
        0 => "now".to_owned(),
        seconds => format!("{seconds} s ago"),
    }
}
