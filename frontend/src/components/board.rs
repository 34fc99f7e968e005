//! The board: the cluster at work, for a projector.

use api::Fault;
use yew::prelude::*;

use super::{
    controls::controls, incident_line::incident_line, replica_table::replica_table, rollout_line::rollout_line,
    tally::tally, text::text, timeline::TimelineView,
};
use crate::state::{Board, BoardAction};

/// The controls of the load generator, and its results once it has been started.
pub fn board(board: &Board, on_action: &Callback<BoardAction>, on_fault: &Callback<(String, Fault)>) -> Html {
    let was_started = board.running || board.totals.sent() > 0;
    html! {
        <section class="board" aria-labelledby="board-title">
            <h2 id="board-title">{ "The cluster at work" }</h2>
            { controls(board.running, board.rate, on_action) }
            <p class="quiet" role="status">{ for note(board).map(text) }</p>
            if was_started {
                { tally(board.totals) }
                <div class="news">
                    { rollout_line(board) }
                    { incident_line(board) }
                </div>
                <TimelineView timeline={board.timeline.clone()} replicas={board.replicas.clone()} moving={board.is_sending()} />
                { replica_table(board, on_fault) }
            }
        </section>
    }
}

/// A note on the state of the load generator.
fn note(board: &Board) -> Option<&'static str> {
    if board.throttled {
        Some("The backend is overloaded or away: new submissions wait until some of those in flight have ended.")
    } else if board.running && board.was_hidden {
        Some("Sending paused while this page was hidden.")
    } else if !board.running && board.totals.sent() == 0 {
        Some("Keep submitting, then scale the backend, roll out a new version or delete a pod, and watch.")
    } else {
        None
    }
}
