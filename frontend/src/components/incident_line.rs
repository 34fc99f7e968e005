//! A line of text about the last incident.

use yew::prelude::*;

use super::text::{seconds, text};
use crate::state::board::{Board, Incident, IncidentPhase, PendingFault, fault_predicates, short_name};

/// Says what a fault costs and when its replica is back. Screen readers announce it.
pub fn incident_line(board: &Board) -> Html {
    let incident = board.incidents.last();
    let line = board
        .fault_request
        .as_ref()
        .map(request)
        .or_else(|| incident.map(sentence));
    let lost = board.fault_request.is_none() && incident.is_some_and(|incident| incident.lost > 0);
    html! {
        <p class="incident" data-lost={lost.then_some("")} role="status">{ for line.map(text) }</p>
    }
}

fn request(PendingFault { pod, fault, failure }: &PendingFault) -> String {
    let (pod, fault) = (short_name(pod), fault.as_str());
    match failure {
        None => format!("Asking {pod} for the fault {fault} \u{2026}"),
        Some(failure) => format!("{pod} has no fault: {failure}"),
    }
}

fn sentence(incident: &Incident) -> String {
    let pod = short_name(&incident.pod);
    let (present, past) = incident.fault.map_or(("restarts", "restarted"), fault_predicates);
    let retried = match incident.retried {
        0 => String::new(),
        retried => format!(", {retried} retried"),
    };
    let cost = format!("{} lost{retried}", incident.lost);
    match incident.phase {
        IncidentPhase::InProgress => format!("{pod} {present}, {cost}"),
        IncidentPhase::Recovered { took, restarted: true } => {
            format!("{pod} {past} and was back after {}, {cost}", seconds(took))
        }
        IncidentPhase::Recovered { took, restarted: false } => format!("{pod} {past} for {}, {cost}", seconds(took)),
        IncidentPhase::Gone => format!("{pod} {past} and has not come back, {cost}"),
    }
}
