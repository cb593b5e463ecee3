//! Who belongs to whom: probabilities of a one-to-one assignment.
//!
//! Two sources saw the same requests, each perhaps not all of them. An edge says by how much the
//! hypothesis "these two are one request" outweighs "they are two, and each one's partner is
//! missing". The probability of each edge, over all assignments in which a unit has at most one
//! partner, is found by passing messages between the two sides, as trackers do to tell
//! which echo belongs to which aircraft (J. Williams and R. Lau, "Approximate evaluation of marginal
//! association probabilities with belief propagation", 2014): it converges, and is exact where units
//! do not compete in rings. Two candidates that fit alike share the probability, so none of them
//! reaches a threshold above one half: ambiguity shows in the score.

/// Most rounds of messages; a few are enough where few compete.
const ROUNDS: usize = 60;
/// Messages that change by less than this have settled.
const SETTLED: f64 = 1e-6;

/// Two units that may be one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// Index on either side.
    pub(super) a: usize,
    pub(super) b: usize,
    /// How much more likely one request is than two.
    pub(super) weight: f64,
}

/// The probability of each edge, in their order.
pub(super) fn probabilities(sizes: (usize, usize), edges: &[Edge]) -> Vec<f64> {
    // Messages along each edge: from a to b, and back.
    let mut forth = vec![0.0; edges.len()];
    let mut back = vec![1.0; edges.len()];
    let (mut at_a, mut at_b) = (vec![0.0; sizes.0], vec![0.0; sizes.1]);
    let sum = |at_a: &mut Vec<f64>, back: &[f64]| {
        at_a.fill(0.0);
        for (e, m) in edges.iter().zip(back) {
            at_a[e.a] += e.weight * m;
        }
    };
    for _ in 0..ROUNDS {
        sum(&mut at_a, &back);
        at_b.fill(0.0);
        for (i, e) in edges.iter().enumerate() {
            let others = (at_a[e.a] - e.weight * back[i]).max(0.0);
            forth[i] = e.weight / (1.0 + others);
            at_b[e.b] += forth[i];
        }
        let mut change: f64 = 0.0;
        for (i, e) in edges.iter().enumerate() {
            let new = 1.0 / (1.0 + (at_b[e.b] - forth[i]).max(0.0));
            change = change.max((new - back[i]).abs());
            back[i] = new;
        }
        if change < SETTLED {
            break;
        }
    }
    sum(&mut at_a, &back);
    edges
        .iter()
        .zip(&back)
        .map(|(e, m)| e.weight * m / (1.0 + at_a[e.a]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All assignments, weighed one by one.
    fn exact(sizes: (usize, usize), edges: &[Edge]) -> Vec<f64> {
        fn walk(
            edges: &[Edge],
            i: usize,
            used: &mut (Vec<bool>, Vec<bool>),
            w: f64,
            on: &mut Vec<usize>,
            sums: &mut [f64],
            all: &mut f64,
        ) {
            let Some(e) = edges.get(i) else {
                *all += w;
                on.iter().for_each(|i| sums[*i] += w);
                return;
            };
            walk(edges, i + 1, used, w, on, sums, all);
            if !used.0[e.a] && !used.1[e.b] {
                (used.0[e.a], used.1[e.b]) = (true, true);
                on.push(i);
                walk(edges, i + 1, used, w * e.weight, on, sums, all);
                on.pop();
                (used.0[e.a], used.1[e.b]) = (false, false);
            }
        }
        let (mut sums, mut all) = (vec![0.0; edges.len()], 0.0);
        let mut used = (vec![false; sizes.0], vec![false; sizes.1]);
        walk(
            edges,
            0,
            &mut used,
            1.0,
            &mut Vec::new(),
            &mut sums,
            &mut all,
        );
        sums.into_iter().map(|s| s / all).collect()
    }

    fn edges(list: &[(usize, usize, f64)]) -> Vec<Edge> {
        list.iter()
            .map(|(a, b, weight)| Edge {
                a: *a,
                b: *b,
                weight: *weight,
            })
            .collect()
    }

    #[test]
    fn probabilities_are_those_of_all_assignments() {
        for list in [
            vec![(0, 0, 9.0)],
            vec![(0, 0, 100.0), (0, 1, 100.0)],
            vec![(0, 0, 50.0), (0, 1, 2.0), (1, 1, 30.0)],
            vec![
                (0, 0, 500.0),
                (1, 0, 400.0),
                (1, 1, 3.0),
                (2, 1, 200.0),
                (2, 2, 0.1),
            ],
        ] {
            let edges = edges(&list);
            let got = probabilities((3, 3), &edges);
            for (got, want) in got.iter().zip(exact((3, 3), &edges)) {
                assert!((got - want).abs() < 1e-4, "{list:?}: {got} for {want}");
            }
        }
    }

    #[test]
    fn two_that_fit_alike_share_and_a_ring_stays_near_the_truth() {
        let ring = edges(&[
            (0, 0, 1000.0),
            (0, 1, 1000.0),
            (1, 0, 1000.0),
            (1, 1, 1000.0),
        ]);
        for p in probabilities((2, 2), &ring) {
            assert!((p - 0.5).abs() < 0.05, "{p}");
        }
        let ring = edges(&[(0, 0, 1e6), (0, 1, 1e3), (1, 0, 1e3), (1, 1, 1e6)]);
        let p = probabilities((2, 2), &ring);
        assert!(p[0] > 0.999 && p[1] < 0.001, "{p:?}");
    }
}
