//! The board: the cluster at work, for a projector.

use yew::prelude::*;

use super::replica_table::ReplicaTable;
use super::rollout_line::RolloutLine;
use super::stream_controls::StreamControls;
use super::tally::Tally;
use super::time_line::TimeLine;
use crate::state::board::{Board as BoardState, BoardAction};

/// What [`Board`] shows, and whom it tells.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct Props {
    /// All that is known.
    pub board: BoardState,
    /// Hears what the person does.
    pub on_action: Callback<BoardAction>,
}

/// The controls of the stream, and what it shows once it was started.
#[component]
pub fn Board(Props { board, on_action }: &Props) -> Html {
    let was_started = board.running || board.totals.sent() > 0;
    html! {
        <section class="board" aria-labelledby="board-title">
            <h2 id="board-title">{ "The cluster at work" }</h2>
            <StreamControls running={board.running} rate={board.rate} {on_action} />
            <p class="quiet" role="status">{ note(board) }</p>
            if was_started {
                <Tally totals={board.totals} />
                <RolloutLine rollout={board.rollout.clone()} />
                <TimeLine tape={board.tape.clone()} replicas={board.replicas.clone()} moving={board.is_sending()} />
                <ReplicaTable board={board.clone()} />
            }
        </section>
    }
}

/// What the person should know of the stream.
fn note(board: &BoardState) -> Option<&'static str> {
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
