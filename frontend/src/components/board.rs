//! The board: the cluster at work, for a projector.

use yew::prelude::*;

use super::replica_table::replica_table;
use super::rollout_line::rollout_line;
use super::stream_controls::stream_controls;
use super::tally::tally;
use super::time_line::TimeLine;
use crate::state::{Board, BoardAction};

/// The controls of the stream, and what it shows once it was started.
pub fn board(board: &Board, on_action: &Callback<BoardAction>) -> Html {
    let was_started = board.running || board.totals.sent() > 0;
    html! {
        <section class="board" aria-labelledby="board-title">
            <h2 id="board-title">{ "The cluster at work" }</h2>
            { stream_controls(board.running, board.rate, on_action) }
            <p class="quiet" role="status">{ note(board) }</p>
            if was_started {
                { tally(board.totals) }
                { rollout_line(board.rollout.as_ref()) }
                <TimeLine tape={board.tape.clone()} replicas={board.replicas.clone()} moving={board.is_sending()} />
                { replica_table(board) }
            }
        </section>
    }
}

/// What the person should know of the stream.
fn note(board: &Board) -> Option<&'static str> {
    if board.held_back {
        Some("The backend does not keep up: new submissions wait until some of those under way have ended.")
    } else if board.running && board.was_hidden {
        Some("The stream paused while this page was hidden.")
    } else if !board.running && board.totals.sent() == 0 {
        Some("Keep submitting, then scale the backend, roll out a new version or delete a pod, and watch.")
    } else {
        None
    }
}
