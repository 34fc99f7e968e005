//! The experiments while the load generator runs.

use yew::prelude::*;

use super::{
    experiment::{back, command, preparation, seen, sighting},
    text::text,
};
use crate::{
    experiments::Experiment,
    state::{Cluster, ClusterAction, text::time_of_day},
};

/// Those that the page can recognize, with a tick where it has seen them. Each opens, one at a time.
pub fn rail(cluster: &Cluster, on_action: &Callback<ClusterAction>) -> Html {
    let chip = |(index, experiment): (usize, &'static Experiment)| {
        let sighting = sighting(cluster, experiment);
        let is_ongoing = sighting.is_some_and(|seen| seen.ongoing);
        let time = sighting.map(|seen| match seen.ongoing {
            true => "now".to_owned(),
            false => time_of_day(seen.time_of_day),
        });
        html! {
            <details
                class="chip"
                name="experiment"
                key={index}
                data-now={is_ongoing.then_some("")}
                data-seen={(sighting.is_some() && !is_ongoing).then_some("")}
            >
                <summary><i></i><span>{ experiment.title }</span><time>{ for time.map(text) }</time></summary>
                <div>
                    <p>{ experiment.text }</p>
                    { command(index, experiment.command, cluster, on_action) }
                    { preparation(experiment) }
                    { back(experiment) }
                    { seen(cluster, experiment) }
                </div>
            </details>
        }
    };
    let recognized = |(_, experiment): &(usize, &'static Experiment)| experiment.sign.is_some();
    let experiments = cluster.experiments().iter().enumerate();
    html! { <div class="rail">{ for experiments.filter(recognized).map(chip) }</div> }
}
