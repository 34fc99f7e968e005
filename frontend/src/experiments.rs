//! The experiments: one source for the cards of the page and the table of the README.

use api::Platform;

/// Something to do to the cluster, and what the page then shows.
#[derive(Debug, PartialEq, Eq)]
pub struct Experiment {
    /// Its name.
    pub title: &'static str,
    /// What happens.
    pub text: &'static str,
    /// What has to be done before, once.
    pub preparation: Option<&'static str>,
    /// What to type in a terminal.
    pub command: &'static str,
    /// What to type to return to the state before.
    pub back: Option<&'static str>,
    /// How the page recognises that it has happened; `None` where it cannot.
    pub sign: Option<Sign>,
    /// What it looks like.
    pub picture: Sign,
}

/// What the page recognises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// More replicas answer.
    More,
    /// Another version answers instead of the one before.
    Rollout,
    /// A replica has ended, and another one has taken its place.
    Replaced,
    /// A replica has not become ready, and others keep answering.
    NeverReady,
}

impl Sign {
    /// The number of signs.
    pub const COUNT: usize = 4;
}

const SCALE: Experiment = Experiment {
    title: "Scale",
    text: "From two replicas to five: more share the work.",
    preparation: None,
    command: "kubectl scale deployment k8s-demo-backend --replicas=5",
    back: Some("kubectl scale deployment k8s-demo-backend --replicas=2"),
    sign: Some(Sign::More),
    picture: Sign::More,
};

const ROLL_OUT: Experiment = Experiment {
    title: "Roll out v2",
    text: "v2 replaces v1, replica by replica. Nobody notices.",
    preparation: Some("make images VERSION=v2"),
    command: "kubectl set image deployment k8s-demo-backend backend=k8s-demo-backend:v2",
    back: Some("kubectl rollout undo deployment k8s-demo-backend"),
    sign: Some(Sign::Rollout),
    picture: Sign::Rollout,
};

const DELETE: Experiment = Experiment {
    title: "Delete a pod",
    text: "It finishes its work and ends. Another takes its place.",
    preparation: None,
    command: r#"kubectl delete "$(kubectl get pod -l app=backend -o name | head -n 1)""#,
    back: None,
    sign: Some(Sign::Replaced),
    picture: Sign::Replaced,
};

const BREAK: Experiment = Experiment {
    title: "Break a release",
    text: "The new pod never gets ready, so the old ones keep answering.",
    preparation: None,
    command: "kubectl set env deployment k8s-demo-backend K8S_DEMO_NEVER_READY=true",
    back: Some("kubectl rollout undo deployment k8s-demo-backend"),
    sign: Some(Sign::NeverReady),
    picture: Sign::NeverReady,
};

const CANARY: Experiment = Experiment {
    title: "Canary",
    text: "One pod of v2 beside two of v1: a third of the submissions, until you decide.",
    preparation: Some("make images VERSION=v2"),
    command: "kubectl apply -k deploy/canary",
    back: Some("kubectl delete -k deploy/canary"),
    sign: None,
    picture: Sign::Rollout,
};

const BLUE_GREEN: Experiment = Experiment {
    title: "Blue-green",
    text: "Two pods of v2 wait beside v1. Then all submissions change to them at once.",
    preparation: Some("make images VERSION=v2 && kubectl apply -k deploy/green"),
    command: "kubectl set selector service k8s-demo-backend-service k8s-demo-backend-pods k8s-demo-backend-all-pods app=backend-green",
    back: Some("kubectl apply -f k8s/"),
    sign: None,
    picture: Sign::Rollout,
};

const AUTOSCALE: Experiment = Experiment {
    title: "Autoscale",
    text: "Replicas arrive with the load, and drain after it. Needs a metrics server.",
    preparation: Some("kubectl annotate deployment k8s-demo-backend kubectl.kubernetes.io/last-applied-configuration-"),
    command: "kubectl apply -k deploy/overlays/autoscaling",
    back: Some("kubectl delete hpa k8s-demo-backend"),
    sign: None,
    picture: Sign::More,
};

const KUBERNETES: &[Experiment] = &[SCALE, ROLL_OUT, DELETE, BREAK, CANARY, BLUE_GREEN, AUTOSCALE];

/// The commands are typed into the terminal of `make run`.
const LOCAL: &[Experiment] = &[
    Experiment {
        text: "From three replicas to five: more share the work.",
        command: "scale 5",
        back: Some("scale 3"),
        ..SCALE
    },
    Experiment {
        preparation: None,
        command: "rollout v2",
        back: Some("undo"),
        ..ROLL_OUT
    },
    Experiment {
        title: "Delete a replica",
        command: "delete",
        ..DELETE
    },
    Experiment {
        text: "The new replica never gets ready, so the old ones keep answering.",
        command: "broken",
        back: Some("undo"),
        ..BREAK
    },
];

const COMPOSE: &[Experiment] = &[
    Experiment {
        text: "To five replicas: more share the work.",
        command: "docker compose up --detach --scale backend=5",
        back: Some("docker compose up --detach"),
        ..SCALE
    },
    Experiment {
        title: "Kill a container",
        text: "It ends at once. The others answer instead.",
        command: r#"docker kill "$(docker compose ps --quiet backend | head -n 1)""#,
        ..DELETE
    },
];

/// Returns the experiments of a platform.
pub fn experiments(platform: Platform) -> &'static [Experiment] {
    match platform {
        Platform::Kubernetes => KUBERNETES,
        Platform::Local => LOCAL,
        Platform::Compose => COMPOSE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a command as a cell of a Markdown table.
    fn code(command: &str) -> String {
        format!("`{}`", command.replace('|', "\\|"))
    }

    #[test]
    fn the_readme_has_the_same_experiments() {
        let readme = include_str!("../../README.md");
        for Experiment {
            title,
            text,
            preparation,
            command,
            back,
            ..
        } in KUBERNETES
        {
            let preparation = preparation.map_or(String::new(), |first| format!("{}, then<br>", code(first)));
            let back = back.map(code).unwrap_or_default();
            let row =
                format!("| {title} | {preparation}{} | {text} | {back} |\n", code(command)).replace("|  |", "| |");
            assert!(readme.contains(&row), "README.md has no row\n{row}");
        }
    }
}
