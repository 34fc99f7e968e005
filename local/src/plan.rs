//! Plans a rolling update: which pods to start and to stop next.

/// How many pods more than the wanted ones a rolling update may run (`maxSurge`). `maxUnavailable` is 0.
const MAX_SURGE: usize = 1;

/// What a plan depends on: a pod that is not terminating.
#[derive(Debug, Clone, Copy)]
pub struct PodState {
    /// Whether it runs the present release.
    pub is_current: bool,
    /// Whether it gets requests.
    pub is_ready: bool,
}

/// The next step towards a number of pods of the present release.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// How many pods to start.
    pub start: usize,
    /// The indices of the pods to stop.
    pub stop: Vec<usize>,
}

impl Plan {
    /// Plans a step of a rolling update.
    pub fn new(replicas: usize, pods: &[PodState]) -> Self {
        let count = |filter: fn(&PodState) -> bool| pods.iter().filter(|pod| filter(pod)).count();
        let current = count(|pod| pod.is_current);
        let mut ready = count(|pod| pod.is_ready);
        let start = replicas.saturating_sub(current);
        let mut plan = Self {
            start: start.min((replicas + MAX_SURGE).saturating_sub(pods.len())),
            stop: Vec::new(),
        };
        // Those that are not ready first: nobody misses them.
        let candidates = |is_current: bool| {
            let mut indices: Vec<_> = (0..pods.len())
                .filter(|&pod| pods[pod].is_current == is_current)
                .collect();
            indices.sort_by_key(|&pod| pods[pod].is_ready);
            indices
        };
        for pod in candidates(true).into_iter().take(current.saturating_sub(replicas)) {
            ready -= usize::from(pods[pod].is_ready);
            plan.stop.push(pod);
        }
        // An old pod stops only after its successor is ready.
        let starting = count(|pod| pod.is_current && !pod.is_ready);
        let mut surplus = pods.len().saturating_sub(plan.stop.len() + replicas + starting);
        for pod in candidates(false) {
            if surplus > 0 && (!pods[pod].is_ready || ready > replicas) {
                ready -= usize::from(pods[pod].is_ready);
                surplus -= 1;
                plan.stop.push(pod);
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(number: usize, is_current: bool, is_ready: bool) -> Vec<PodState> {
        vec![PodState { is_current, is_ready }; number]
    }

    #[test]
    fn a_rolling_update_has_one_more_pod_at_most_and_never_fewer_ready_ones() {
        let mut pods = pods(3, false, true);
        for _ in 0..3 {
            let plan = Plan::new(3, &pods);
            assert_eq!((plan.start, plan.stop.len()), (1, 0), "{pods:?}");
            pods.push(PodState {
                is_current: true,
                is_ready: false,
            });
            assert_eq!(Plan::new(3, &pods), Plan::default(), "waits for readiness: {pods:?}");
            pods[3].is_ready = true;
            let plan = Plan::new(3, &pods);
            assert_eq!((plan.start, plan.stop.as_slice()), (0, &[0][..]), "{pods:?}");
            pods.remove(0);
        }
        assert_eq!(Plan::new(3, &pods), Plan::default());
    }

    #[test]
    fn a_release_that_never_becomes_ready_stops_no_pod_and_goes_when_it_is_undone() {
        let old = pods(3, false, true);
        let broken = [old, pods(1, true, false)].concat();
        assert_eq!(Plan::new(3, &broken), Plan::default());
        let undone = [pods(3, true, true), pods(1, false, false)].concat();
        assert_eq!(
            Plan::new(3, &undone),
            Plan {
                start: 0,
                stop: vec![3]
            }
        );
    }

    #[test]
    fn scaling_starts_all_new_pods_at_once_and_stops_those_that_are_not_ready_first() {
        assert_eq!(Plan::new(5, &pods(3, true, true)).start, 2);
        let five = [pods(3, true, true), pods(2, true, false)].concat();
        assert_eq!(Plan::new(3, &five).stop, [3, 4]);
        assert_eq!(Plan::new(0, &five).stop.len(), 5);
    }

    #[test]
    fn a_deleted_pod_is_replaced_at_once() {
        assert_eq!(Plan::new(3, &pods(2, true, true)).start, 1);
    }
}
