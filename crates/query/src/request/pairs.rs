//! The requests two sources share: how well units fit, and what is learned of their clocks.
//!
//! Of every two units that could be one request it is asked how much likelier that is than
//! a coincidence. *Facts* (method, path, status, address …): a contradiction in what is
//! hard ends it; a coincidence is as likely as there are units that agree in the same facts, so
//! agreeing in a rare path says much and in a busy one little. *Time*: the lag between the two,
//! against the lag that this pair of sources has, which is learned from the rows at hand: clocks differ
//! by a constant, a line is written at the end of its request, an occurrence arrives behind it.
//! Which facts two sources agree in is learned too: behind a proxy one of them may see another address.
//!
//! Learning goes round by round from what is already sure: pairs that share an id, and where the
//! lags of all that fit heap up. With too little to learn from, wide assumptions stand instead.

use super::Source;
use super::assign::{Edge, probabilities};
use super::lags::{ENOUGH, From, Lag, Spread, Weighted, density, heap, middle};
use super::unit::{Fact, Unit, Window};
use event::{EventId, TraceId};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

/// Rounds of learning.
const ROUNDS: usize = 3;
/// Probability from which a pair is learned from.
const SURE: f64 = 0.9;
/// How likely a source lacks a request at least: what is assumed before it is learned, and its floor.
const MISSING: f64 = 0.1;
/// Part of the lags that follow no rule.
const STRAY: f64 = 0.02;
/// The weight of two units with one id.
const SAME_ID: f64 = 1e12;
/// Time on either side of a unit in which those like it are counted: requests come in bursts.
const AROUND_NS: i64 = 250_000_000;
/// Least probability of a link that is kept, as a candidate.
const LEAST: f64 = 0.02;
const MS: f64 = 1e6;

/// What is known of a pair of sources.
#[derive(Clone, Debug)]
struct Model {
    lag: Lag,
    /// Mean difference of lengths, nanoseconds, where both have one: of pairs, and of any two.
    lengths: (f64, f64),
    /// How likely a pair agrees in each fact both tell.
    agrees: [f64; Fact::ALL.len()],
    /// How likely a request seen by the one is missing in the other.
    missing: (f64, f64),
}

/// Two units that may be one request.
#[derive(Clone, Debug)]
struct Pair {
    a: usize,
    b: usize,
    /// Bits of [`Fact`]: both tell it and agree, or do not.
    agree: u16,
    differ: u16,
    /// By [`From`], nanoseconds.
    lags: [f64; 2],
    length: Option<f64>,
    same_id: bool,
    weight: f64,
    score: f64,
}

/// Two units that are, or may be, one request.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// Index into the units of either source.
    pub(super) a: usize,
    pub(super) b: usize,
    /// Probability that they are one request, 0 to 1: with that of other units of either's trace, which
    /// are of the same request.
    pub(super) score: f64,
    /// Of these two units alone.
    pub(super) own: f64,
    /// Bits of the facts they agree in.
    pub(super) agree: u16,
    /// The lag beyond the usual one, nanoseconds.
    pub(super) off_ns: f64,
    /// The usual lag, nanoseconds.
    pub(super) shift_ns: f64,
    /// How many others fitted `a`.
    pub(super) rivals: usize,
    /// They share an id, so nothing had to be weighed.
    pub(super) same_id: bool,
}

/// How far apart the times of one request may lie, nanoseconds: (least, most) lag.
fn reach(a: Source, b: Source) -> (f64, f64) {
    if a == Source::Occurrences || b == Source::Occurrences {
        // Receipt is ours, the rest is the client's clock; reporters retry for some seconds.
        (-300.0 * MS, 5_000.0 * MS)
    } else {
        (-300.0 * MS, 300.0 * MS)
    }
}

/// What is assumed of lags before anything is learned, and the least spread.
fn assumed(a: Source, b: Source) -> (Lag, f64) {
    let even = Spread::even;
    let (from, shift, spread, floor) = match (a, b) {
        (_, Source::Occurrences) => (From::End, 50.0, even(300.0), 3.0),
        (Source::Lines, _) | (_, Source::Lines) => (From::End, 0.0, even(30.0), 0.7),
        _ => (From::Start, 0.0, even(30.0), 0.2),
    };
    let lag = Lag {
        from,
        shift: shift * MS,
        spread: spread.each(|s| s * MS),
    };
    (lag, floor * MS)
}

/// How likely a pair agrees in a fact, before it is learned.
fn assumed_agreement(fact: Fact) -> f64 {
    match fact {
        // Contradictions in these end it; see `compare`.
        Fact::Method | Fact::Path | Fact::Query | Fact::Status => 0.999,
        // What a program reports as an error it mostly answers with one.
        Fact::Route | Fact::Client | Fact::Agent | Fact::Exception | Fact::Outcome => 0.9,
        Fact::Process => 0.95,
        Fact::Host | Fact::Service => 0.8,
    }
}

/// The links between two sources, `a` before `b` in the order of [`Source`]. Each lane of the one is
/// assigned to each lane of the other: within a lane there is one unit a request.
pub(super) fn links(window: &Window, a: Source, b: Source) -> Vec<Link> {
    debug_assert!(a < b, "sources are paired in their order");
    let lanes = |source: Source| {
        let mut out: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (i, unit) in window.of(source).iter().enumerate() {
            out.entry(unit.lane).or_default().push(i);
        }
        out
    };
    let of = |source: Source, lane: &[usize]| -> Vec<&Unit> {
        lane.iter().map(|i| &window.of(source)[*i]).collect()
    };
    let (x_lanes, y_lanes) = (lanes(a), lanes(b));
    let mut out = Vec::new();
    for x_lane in x_lanes.values() {
        for y_lane in y_lanes.values() {
            let (xs, ys) = (of(a, x_lane), of(b, y_lane));
            let found = between(&xs, &ys, (a, b), window.seconds());
            out.extend(found.into_iter().map(|l| Link {
                a: x_lane[l.a],
                b: y_lane[l.b],
                ..l
            }));
        }
    }
    out
}

/// The links between two lanes; places are those in the lists.
fn between(xs: &[&Unit], ys: &[&Unit], (a, b): (Source, Source), seconds: f64) -> Vec<Link> {
    let mut pairs = candidates(xs, ys, reach(a, b));
    if pairs.is_empty() {
        return Vec::new();
    }
    let (lag, floor) = assumed(a, b);
    let mut model = Model {
        lag: heap(&weighted(&pairs), lag, floor, reach(a, b)).unwrap_or(lag),
        lengths: (20.0 * MS, any_length(&pairs)),
        agrees: Fact::ALL.map(assumed_agreement),
        missing: (MISSING, MISSING),
    };
    let chances = Chances::of(xs, ys, &pairs, seconds);
    let width = (reach(a, b).1 - reach(a, b).0) / 1e9;
    for round in 0..ROUNDS {
        for (pair, chance) in pairs.iter_mut().zip(&chances.0) {
            pair.weight = model.weight(pair, *chance, width);
        }
        let edges: Vec<Edge> = pairs
            .iter()
            .map(|p| Edge {
                a: p.a,
                b: p.b,
                weight: p.weight,
            })
            .collect();
        let scores = probabilities((xs.len(), ys.len()), &edges);
        for (pair, score) in pairs.iter_mut().zip(scores) {
            pair.score = score;
        }
        if round + 1 < ROUNDS {
            model.learn(&pairs, (xs, ys), lag, floor);
        }
    }
    let mut rivals = vec![0_usize; xs.len()];
    pairs.iter().for_each(|p| rivals[p.a] += 1);
    let mut links: Vec<Link> = pairs
        .into_iter()
        .filter(|p| p.score >= LEAST)
        .map(|p| Link {
            a: p.a,
            b: p.b,
            score: p.score,
            own: p.score,
            agree: p.agree,
            off_ns: p.lags[model.lag.from as usize] - model.lag.shift,
            shift_ns: model.lag.shift,
            rivals: rivals[p.a].saturating_sub(1),
            same_id: p.same_id,
        })
        .collect();
    pool(&mut links, xs, ys);
    links
}

/// A line that fits a gateway's span and the one behind it alike fits their trace for sure: a unit has
/// one partner, so the probabilities of partners in one trace add up.
fn pool(links: &mut [Link], xs: &[&Unit], ys: &[&Unit]) {
    let mut sums: HashMap<(bool, usize, TraceId), f64> = HashMap::new();
    for l in links.iter() {
        if let Some(trace) = xs[l.a].trace {
            *sums.entry((true, l.b, trace)).or_default() += l.own;
        }
        if let Some(trace) = ys[l.b].trace {
            *sums.entry((false, l.a, trace)).or_default() += l.own;
        }
    }
    for l in links.iter_mut() {
        let of = |side, i, unit: &Unit| unit.trace.and_then(|t| sums.get(&(side, i, t)));
        let forth = of(true, l.b, xs[l.a]).copied().unwrap_or(l.own);
        let back = of(false, l.a, ys[l.b]).copied().unwrap_or(l.own);
        l.score = forth.max(back).min(1.0);
    }
}

/// Every two units that could be one request.
fn candidates(xs: &[&Unit], ys: &[&Unit], reach: (f64, f64)) -> Vec<Pair> {
    let keys = Keys::of(xs, ys);
    let services =
        |units: &[&Unit]| -> HashSet<u32> { units.iter().map(|u| u.fact(Fact::Service)).collect() };
    let (x_services, y_services) = (services(xs), services(ys));
    let named_alike = |s: u32| x_services.contains(&s) && y_services.contains(&s);
    // Those that can agree are found by path; those without one are few.
    let mut by_path: HashMap<u32, Vec<usize>> = HashMap::new();
    for (i, y) in ys.iter().enumerate() {
        by_path.entry(y.fact(Fact::Path)).or_default().push(i);
    }
    let everyone: Vec<usize> = (0..ys.len()).collect();
    let none: Vec<usize> = Vec::new();
    let mut out = Vec::new();
    for (a, x) in xs.iter().enumerate() {
        let path = x.fact(Fact::Path);
        let lists = if path == 0 {
            [&everyone, &none]
        } else {
            [
                by_path.get(&path).unwrap_or(&none),
                by_path.get(&0).unwrap_or(&none),
            ]
        };
        for b in lists.into_iter().flatten().copied() {
            let y = ys[b];
            let lags = [lag(x, y, From::Start), lag(x, y, From::End)];
            if lags.iter().all(|l| *l < reach.0 || *l > reach.1) {
                continue;
            }
            let same_id = keys.shared(a, b);
            if !same_id && keys.are_others(a, b) {
                continue;
            }
            let Some((agree, differ)) = compare(x, y, &named_alike) else {
                continue;
            };
            #[expect(clippy::cast_precision_loss, reason = "lengths are weighed as doubles")]
            let length = x
                .duration_ns
                .zip(y.duration_ns)
                .map(|(x, y)| (y - x) as f64);
            out.push(Pair {
                a,
                b,
                agree,
                differ,
                lags,
                length,
                same_id,
                weight: 0.0,
                score: 0.0,
            });
        }
    }
    out
}

/// The ids that tell requests apart, of the units of both sides.
struct Keys {
    xs: Vec<Vec<TraceId>>,
    ys: Vec<Vec<TraceId>>,
    of_x: HashSet<TraceId>,
    of_y: HashSet<TraceId>,
}

impl Keys {
    fn of(xs: &[&Unit], ys: &[&Unit]) -> Self {
        let all = || xs.iter().chain(ys);
        let traces: HashSet<TraceId> = all().filter_map(|u| u.trace).collect();
        // An id that several of one side hold is not one request's: a session's, a user's.
        let mut shared: HashSet<TraceId> = HashSet::new();
        for side in [xs, ys] {
            let mut holder: HashMap<TraceId, (Option<TraceId>, EventId)> = HashMap::new();
            for u in side {
                let me = (u.trace, u.trace.map_or(u.event_id, |_| EventId([0; 16])));
                for f in &u.ids {
                    if *holder.entry(f.id).or_insert(me) != me {
                        shared.insert(f.id);
                    }
                }
            }
        }
        let of = |u: &&Unit| -> Vec<TraceId> {
            let named = u
                .ids
                .iter()
                .filter(|f| traces.contains(&f.id) || f.is_named && !shared.contains(&f.id));
            u.trace.into_iter().chain(named.map(|f| f.id)).collect()
        };
        let (xs, ys): (Vec<_>, Vec<_>) = (xs.iter().map(of).collect(), ys.iter().map(of).collect());
        Self {
            of_x: xs.iter().flatten().copied().collect(),
            of_y: ys.iter().flatten().copied().collect(),
            xs,
            ys,
        }
    }

    fn shared(&self, x: usize, y: usize) -> bool {
        self.xs[x].iter().any(|k| self.ys[y].contains(k))
    }

    /// Whether one of the two shares an id with someone else of the other side.
    fn are_others(&self, x: usize, y: usize) -> bool {
        self.xs[x].iter().any(|k| self.of_y.contains(k))
            || self.ys[y].iter().any(|k| self.of_x.contains(k))
    }
}

/// How much later the second is, nanoseconds.
fn lag(x: &Unit, y: &Unit, from: From) -> f64 {
    let of = |u: &Unit, from: From| match from {
        From::Start => u.ts,
        From::End => u.end(),
    };
    // Two spans are compared at the same end; what has no length is a point.
    let lag = of(y, from).saturating_sub(of(x, from));
    #[expect(clippy::cast_precision_loss, reason = "lags are weighed as doubles")]
    let lag = lag as f64;
    lag
}

/// The facts both tell, as bits of those they agree in and those they do not; `None` when they
/// cannot be one request, or nothing ties them together.
fn compare(x: &Unit, y: &Unit, named_alike: &impl Fn(u32) -> bool) -> Option<(u16, u16)> {
    let (mut agree, mut differ) = (0_u16, 0_u16);
    for fact in Fact::ALL {
        let (a, b) = (x.fact(fact), y.fact(fact));
        if a == 0 || b == 0 {
            continue;
        }
        // Told by the status already.
        if fact == Fact::Outcome && x.fact(Fact::Status) != 0 && y.fact(Fact::Status) != 0 {
            continue;
        }
        let bit = 1 << fact as u16;
        if a == b {
            agree |= bit;
            continue;
        }
        match fact {
            Fact::Method | Fact::Path | Fact::Query | Fact::Status => return None,
            // Names that both sources use mean the same; others are of two ways of naming.
            Fact::Service if named_alike(a) && named_alike(b) => return None,
            Fact::Service => {}
            _ => differ |= bit,
        }
    }
    let ties = bit(Fact::Path) | bit(Fact::Route) | bit(Fact::Exception);
    (agree & ties != 0).then_some((agree, differ))
}

pub(super) fn bit(fact: Fact) -> u16 {
    1 << fact as u16
}

/// How often two units agree as a pair does by chance: such units per second, at the time of the pair when there are
/// more then than usual.
struct Chances(Vec<f64>);

impl Chances {
    fn of(xs: &[&Unit], ys: &[&Unit], pairs: &[Pair], seconds: f64) -> Self {
        type Values = [u32; Fact::ALL.len()];
        let values = |u: &Unit, mask: u16| -> Values {
            let mut out = u.facts;
            for (i, v) in out.iter_mut().enumerate() {
                if mask & (1 << i) == 0 {
                    *v = 0;
                }
            }
            out
        };
        // Units come by time.
        let times = |units: &[&Unit], mask: u16| {
            let mut out: HashMap<Values, Vec<i64>> = HashMap::new();
            units
                .iter()
                .for_each(|u| out.entry(values(u, mask)).or_default().push(u.ts));
            out
        };
        let per_second = |times: &[i64], at: i64| {
            let first = times.partition_point(|t| *t < at - AROUND_NS);
            let last = times.partition_point(|t| *t <= at + AROUND_NS);
            #[expect(clippy::cast_precision_loss, reason = "counts of one window")]
            // The unit itself is no coincidence.
            let (all, others) = (times.len() as f64, (last - first).saturating_sub(1) as f64);
            (all / seconds).max(others / (2e-9 * AROUND_NS as f64))
        };
        let mut by_mask: HashMap<u16, [HashMap<Values, Vec<i64>>; 2]> = HashMap::new();
        Self(
            pairs
                .iter()
                .map(|p| {
                    let [x, y] = by_mask
                        .entry(p.agree)
                        .or_insert_with(|| [times(xs, p.agree), times(ys, p.agree)]);
                    let v = values(xs[p.a], p.agree);
                    let rate = |of: &HashMap<Values, Vec<i64>>, at: i64| {
                        of.get(&v).map_or(0.0, |times| per_second(times, at))
                    };
                    rate(x, xs[p.a].ts).max(rate(y, ys[p.b].ts))
                })
                .collect(),
        )
    }
}

/// The lags of all that fit. A pair that differs in something counts for as much less as it is less likely; one with
/// an id in common for more.
fn weighted(pairs: &[Pair]) -> Vec<Weighted> {
    let fit = |p: &Pair| -> f64 {
        let differ = Fact::ALL.into_iter().filter(|f| p.differ & bit(*f) != 0);
        let odds = differ
            .map(assumed_agreement)
            .map(|agrees| (1.0 - agrees) / agrees);
        odds.product()
    };
    let (mut of_a, mut of_b): (HashMap<usize, f64>, HashMap<usize, f64>) = Default::default();
    for p in pairs {
        *of_a.entry(p.a).or_default() += fit(p);
        *of_b.entry(p.b).or_default() += fit(p);
    }
    let one = |p: &Pair| Weighted {
        lags: p.lags,
        share: fit(p) / of_a[&p.a].max(of_b[&p.b]),
        weight: if p.same_id { 10.0 } else { 1.0 },
    };
    pairs.iter().map(one).collect()
}

/// How much lengths differ between any two that fit.
fn any_length(pairs: &[Pair]) -> f64 {
    let mut all: Vec<f64> = pairs
        .iter()
        .filter_map(|p| p.length.map(f64::abs))
        .collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2)
        .copied()
        .unwrap_or(0.0)
        .max(20.0 * MS)
}

impl Model {
    /// How much likelier one request is than two. `chance`: units per second that agree like these;
    /// `width`: seconds lags may reach over.
    fn weight(&self, pair: &Pair, chance: f64, width: f64) -> f64 {
        if pair.same_id {
            return SAME_ID;
        }
        let off = pair.lags[self.lag.from as usize] - self.lag.shift;
        let mut time = (1.0 - STRAY) * self.lag.spread.density(off) + STRAY / width;
        if let Some(length) = pair.length {
            let (of_pairs, of_any) = self.lengths;
            let stray = STRAY * density(length, of_any);
            time *= ((1.0 - STRAY) * density(length, of_pairs) + stray) / density(length, of_any);
        }
        let mut facts = 1.0;
        for (i, agrees) in self.agrees.iter().enumerate() {
            if pair.agree & (1 << i) != 0 {
                facts *= agrees;
            } else if pair.differ & (1 << i) != 0 {
                facts *= 1.0 - agrees;
            }
        }
        let missing = self.missing.0.max(MISSING) * self.missing.1.max(MISSING);
        (time * facts / (chance * missing)).clamp(0.0, SAME_ID)
    }

    fn learn(&mut self, pairs: &[Pair], (xs, ys): (&[&Unit], &[&Unit]), assumed: Lag, floor: f64) {
        let sure: Vec<&Pair> = pairs.iter().filter(|p| p.score >= SURE).collect();
        if sure.len() < ENOUGH {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of one window")]
        let count = sure.len() as f64;
        let slack = 1.0 + 3.0 / count;
        let lags = sure.iter().map(|p| p.lags[self.lag.from as usize]);
        let (shift, spread) = middle(lags.collect());
        self.lag.shift = shift;
        self.lag.spread = spread.each(|s| s * slack).clamp(floor, assumed.spread);
        let lengths: Vec<f64> = sure.iter().filter_map(|p| p.length).collect();
        if lengths.len() >= ENOUGH {
            let (_, Spread { before, after }) = middle(lengths);
            self.lengths.0 = (f64::midpoint(before, after) * slack).clamp(floor, self.lengths.1);
        }
        for (i, agrees) in self.agrees.iter_mut().enumerate() {
            let prior = assumed_agreement(Fact::ALL[i]);
            let bit = 1 << i;
            let (mut yes, mut known) = (4.0 * prior, 4.0);
            for p in &sure {
                yes += f64::from(u8::from(p.agree & bit != 0));
                known += f64::from(u8::from((p.agree | p.differ) & bit != 0));
            }
            *agrees = (yes / known).clamp(0.02, 0.999);
        }
        // Only those that the other source could have are asked after: both ends of the window lack some.
        let missing = |units: &[&Unit], side: fn(&Pair) -> usize| {
            let asked: HashSet<usize> = pairs.iter().map(side).collect();
            let told = units
                .iter()
                .filter(|u| u.is_told())
                .count()
                .max(asked.len());
            let found: f64 = pairs.iter().map(|p| p.score).sum();
            #[expect(clippy::cast_precision_loss, reason = "counts of one window")]
            let told = told as f64;
            (1.0 - found / told.max(1.0)).clamp(MISSING, 0.95)
        };
        self.missing = (missing(xs, |p| p.a), missing(ys, |p| p.b));
    }
}
