//! What is below the form before the first run: the experiments.

use yew::prelude::*;

use super::{
    controls::controls,
    experiment::{command, picture, preparation, seen},
};
use crate::{
    experiments::Experiment,
    state::{Cluster, ClusterAction},
};

/// The experiments as cards, and the button that starts the load generator.
pub fn first(cluster: &Cluster, on_action: &Callback<ClusterAction>) -> Html {
    let card = |(index, experiment): (usize, &'static Experiment)| {
        html! {
            <li class="card" key={index}>
                { picture(experiment.picture) }
                <h3>{ experiment.title }</h3>
                <p>{ experiment.text }</p>
                <div>
                    { command(index, experiment.command, cluster, on_action) }
                    { preparation(experiment) }
                </div>
                { seen(cluster, experiment) }
            </li>
        }
    };
    html! {
        <section class="experiments" aria-labelledby="experiments-title">
            <div class="head">
                <div>
                    <h2 id="experiments-title">{ "Now change the cluster, and watch" }</h2>
                    <p class="quiet">
                        { "Keep submitting, then type one of these in a terminal. What do the users notice?" }
                    </p>
                </div>
                { controls(cluster, on_action) }
            </div>
            // Not before the commands are the right ones: others would make cards of another height.
            if cluster.platform.is_some() {
                <ol class="cards">{ for cluster.experiments().iter().enumerate().map(card) }</ol>
            }
        </section>
    }
}
