//! Grows a request from the row it was asked from: by ids, by ids in text, by assignment.

use super::pairs::{Link, bit, links};
use super::text;
use super::unit::{Fact, Reader, Unit, Window};
use super::{From, Join, Request, RequestRow, Source, THRESHOLD, Tier, Unattached, rows};
use crate::answer::Cell;
use crate::run::Control;
use crate::scan::Table;
use crate::trace::{self, TraceRow};
use crate::{Error, ScanStats};
use event::{EventId, TraceId};
use hashbrown::{HashMap, HashSet};
use store::FieldStat;

/// How long before it a request may have begun that was under way in its time.
const LONG_NS: i64 = crate::relational::MARGIN_NS;
/// Most units of one source that are weighed.
const UNITS_LIMIT: usize = 600;
/// Most joins of one request.
const JOINS_LIMIT: usize = 64;
/// Most ids in text that are looked up as traces.
const LOOKUPS_LIMIT: usize = 32;
/// Probability below which a member's view of a unit speaks against it.
const DOUBT: f64 = 0.1;
/// Most candidates below the threshold that are named.
const UNATTACHED_LIMIT: usize = 8;

/// A unit: source, and its place in the window.
type Place = (Source, usize);

/// A request under construction.
struct Story<'a> {
    tables: &'a [Table],
    window: Window,
    /// Units by identity of their row.
    places: HashMap<(i64, String), Place>,
    /// By sources; those of every lane.
    links: HashMap<(Source, Source), Vec<Link>>,
    request: Request,
    /// Units that are in, by the join that brought them and the probability of the whole way.
    members: Vec<(Place, usize, f64)>,
    traces: HashSet<TraceId>,
    rows: HashSet<(i64, String)>,
    looked_up: HashSet<TraceId>,
}

/// Tells the request a row belongs to; `None` when there is no such row.
pub(crate) async fn tell(
    tables: &[Table],
    known: &[FieldStat],
    from: &From,
    control: &Control,
) -> Result<Option<Request>, Error> {
    let mut stats = ScanStats::default();
    let (asked, trace) = match from {
        From::Trace { id, hint, .. } => {
            (trace_rows(tables, *id, *hint, &mut stats).await?, Some(*id))
        }
        From::Row { event_id, ts_ns } => {
            let Some(row) = rows::at(tables, *ts_ns, *event_id, &mut stats).await? else {
                return Ok(None);
            };
            match stored_trace(&row) {
                Some(id) => {
                    let hint = Some((row.ts_ns, row.ts_ns));
                    (trace_rows(tables, id, hint, &mut stats).await?, Some(id))
                }
                None => (vec![row], None),
            }
        }
    };
    let Some(named) = asked.iter().find(|r| is_named(r, from)).or(asked.first()) else {
        return Ok(None);
    };
    if let From::Trace {
        span: Some(span), ..
    } = from
        && named.span_id.as_deref() != Some(&span.to_string())
    {
        return Ok(None);
    }
    let source = Source::of_row(named);
    let start = asked.iter().map(|r| r.ts_ns).min().unwrap_or_default();
    let end = asked.iter().map(end_of).max().unwrap_or_default();
    // Of a trace that goes on for long, the time around what was asked.
    let around = if end - start > LONG_NS {
        (named.ts_ns, end_of(named).min(named.ts_ns + LONG_NS))
    } else {
        (start, end)
    };
    let margin = rows::margin(tables, around);
    let range = (
        around.0.saturating_sub(margin),
        around.1.saturating_add(margin).saturating_add(1),
    );
    let reader = Reader {
        tables,
        known,
        control,
    };
    let window = reader
        .window(range, LONG_NS, around, UNITS_LIMIT, &mut stats)
        .await?;
    let mut story = Story::new(tables, window);
    story.request.stats = stats;
    let reason = match trace {
        Some(id) => format!("the {} asked for, with its trace {id}", source.one()),
        None => format!("the {} asked for", source.one()),
    };
    story.add(
        Join {
            tier: Tier::Asked,
            source,
            score: 1.0,
            reason,
            to: None,
        },
        asked,
        trace,
        1.0,
    );
    story.grow().await?;
    Ok(Some(story.finish().await?))
}

fn is_named(row: &TraceRow, from: &From) -> bool {
    match from {
        From::Trace { span, .. } => span.is_some_and(|s| {
            row.annotation.is_none() && row.span_id.as_deref() == Some(&s.to_string())
        }),
        From::Row { event_id, .. } => row.event_id == event_id.to_string(),
    }
}

fn end_of(row: &TraceRow) -> i64 {
    row.ts_ns.saturating_add(row.duration_ns.unwrap_or(0))
}

fn stored_trace(row: &TraceRow) -> Option<TraceId> {
    match row.fields.get("trace.trace_id") {
        Some(Cell::Text(t)) => Some(trace::parse_id(t)),
        _ => None,
    }
}

async fn trace_rows(
    tables: &[Table],
    id: TraceId,
    hint: Option<(i64, i64)>,
    stats: &mut ScanStats,
) -> Result<Vec<TraceRow>, Error> {
    let trace = trace::read(tables, id, hint).await?;
    crate::whole::add_stats(stats, &trace.stats);
    Ok(trace.rows)
}

impl<'a> Story<'a> {
    fn new(tables: &'a [Table], window: Window) -> Self {
        let mut places = HashMap::new();
        for source in Source::ALL {
            for (i, u) in window.of(source).iter().enumerate() {
                places.insert((u.ts, u.event_id.to_string()), (source, i));
            }
        }
        let mut all = HashMap::new();
        for (i, a) in Source::ALL.into_iter().enumerate() {
            for b in Source::ALL.into_iter().skip(i + 1) {
                all.insert((a, b), links(&window, a, b));
            }
        }
        Self {
            tables,
            window,
            places,
            links: all,
            request: Request::default(),
            members: Vec::new(),
            traces: HashSet::new(),
            rows: HashSet::new(),
            looked_up: HashSet::new(),
        }
    }

    /// Takes rows in that one join brings. `way`: probability of the whole way to them.
    fn add(&mut self, join: Join, found: Vec<TraceRow>, trace: Option<TraceId>, way: f64) {
        let number = self.request.joins.len();
        // Rows of the same trace but of another source are there by their id.
        let mut by_id: HashMap<Source, usize> = HashMap::new();
        let source = join.source;
        self.request.joins.push(join);
        self.traces.extend(trace);
        for row in found {
            let key = (row.ts_ns, row.event_id.clone());
            if !self.rows.insert(key.clone()) {
                continue;
            }
            let of = Source::of_row(&row);
            let join = match trace {
                Some(id) if of != source => *by_id.entry(of).or_insert_with(|| {
                    let parent = &self.request.joins[number];
                    let joined = if parent.tier == Tier::Asked {
                        Tier::Id
                    } else {
                        parent.tier
                    };
                    let through = match parent.tier {
                        Tier::Asked => String::new(),
                        _ => format!(", which is joined: {}", parent.reason),
                    };
                    let join = Join {
                        tier: joined,
                        source: of,
                        score: parent.score,
                        reason: format!("the same trace id {id} as the {}{through}", source.one()),
                        to: Some(number),
                    };
                    self.request.joins.push(join);
                    self.request.joins.len() - 1
                }),
                _ => number,
            };
            if let Some(place) = self.places.get(&key) {
                self.members.push((*place, join, way));
            }
            self.request.rows.push(RequestRow {
                trace_id: trace.map(|t| t.to_string()),
                source: of,
                join,
                row,
            });
        }
    }

    fn unit(&self, (source, i): Place) -> &Unit {
        &self.window.of(source)[i]
    }

    fn is_member(&self, place: Place) -> bool {
        self.members.iter().any(|(p, ..)| *p == place)
    }

    async fn grow(&mut self) -> Result<(), Error> {
        while self.request.joins.len() < JOINS_LIMIT {
            // Ids first: what they bring needs no weighing.
            if self.by_text().await? || self.by_assignment().await? {
                continue;
            }
            return Ok(());
        }
        self.request.notices.push(format!(
            "more than {JOINS_LIMIT} joins: the rest was left out"
        ));
        Ok(())
    }

    /// Joins what names an id of the request in its text, or is named there. Says whether it did.
    async fn by_text(&mut self) -> Result<bool, Error> {
        // Ids that rows at hand hold in text, not yet looked up.
        let mut named: Vec<(text::FoundId, usize, Source)> = Vec::new();
        for row in &self.request.rows {
            if let Some(Cell::Text(body)) = row.row.fields.get("body") {
                let ids = text::ids(body).into_iter();
                named.extend(ids.map(|id| (id, row.join, row.source)));
            }
        }
        for (place, join, _) in &self.members {
            let ids = self.unit(*place).ids.iter().cloned();
            named.extend(ids.map(|id| (id, *join, place.0)));
        }
        for (found, join, source) in &named {
            if self.traces.contains(&found.id)
                || self.looked_up.len() >= LOOKUPS_LIMIT
                || !self.looked_up.insert(found.id)
            {
                continue;
            }
            let around = Some(self.window.range);
            let stats = &mut self.request.stats;
            let rows = trace_rows(self.tables, found.id, around, stats).await?;
            if let Some(first) = rows.first() {
                let reason = format!(
                    "its trace id {} stands in the text of the {} as {}",
                    found.id,
                    source.one(),
                    found.written
                );
                self.join_text(Source::of_row(first), reason, *join, rows, Some(found.id));
                return Ok(true);
            }
        }
        // Rows near it whose text names a trace of the request.
        let holds_ours = |u: &Unit| u.ids.iter().find(|f| self.traces.contains(&f.id)).cloned();
        let named_by = self
            .others()
            .find_map(|p| Some((p, holds_ours(self.unit(p))?)));
        if let Some((place, found)) = named_by {
            let to = self.join_of_trace(found.id);
            let reason = format!("its text holds the trace id {}", found.written);
            return self
                .join_unit(place, Tier::Text, reason, to, 1.0, 1.0)
                .await;
        }
        // Rows near it that name the same request by an id that is no trace's.
        let ours: Vec<(text::FoundId, usize)> = named.into_iter().map(|(f, j, _)| (f, j)).collect();
        for (found, join) in ours {
            let same = |u: &Unit| u.ids.iter().find(|f| f.id == found.id).cloned();
            let shared = self.others().find_map(|p| Some((p, same(self.unit(p))?)));
            let Some((place, theirs)) = shared else {
                continue;
            };
            if (found.is_named || theirs.is_named) && self.is_of_one_request(found.id) {
                let reason = format!("both hold the request id {}", theirs.written);
                return self
                    .join_unit(place, Tier::Text, reason, join, 1.0, 1.0)
                    .await;
            }
        }
        Ok(false)
    }

    /// Units that are not in.
    fn others(&self) -> impl Iterator<Item = Place> + '_ {
        Source::ALL
            .into_iter()
            .flat_map(|s| (0..self.window.of(s).len()).map(move |i| (s, i)))
            .filter(|p| !self.is_member(*p))
    }

    fn join_of_trace(&self, id: TraceId) -> usize {
        let text = Some(id.to_string());
        let row = self.request.rows.iter().find(|r| r.trace_id == text);
        row.map_or(0, |r| r.join)
    }

    /// Whether an id found in text stands for one request: no two traces, occurrences or request
    /// lines of one program near have it.
    fn is_of_one_request(&self, id: TraceId) -> bool {
        Source::ALL.into_iter().all(|s| {
            let units = self.window.of(s).iter();
            let holders = units.filter(|u| u.ids.iter().any(|f| f.id == id));
            let mut by_lane: HashMap<u32, (Option<TraceId>, EventId)> = HashMap::new();
            holders
                .filter(|u| s != Source::Lines || u.is_told())
                .all(|u| {
                    let who = match u.trace {
                        Some(t) => (Some(t), EventId([0; 16])),
                        None => (None, u.event_id),
                    };
                    *by_lane.entry(u.lane).or_insert(who) == who
                })
        })
    }

    fn join_text(
        &mut self,
        source: Source,
        reason: String,
        to: usize,
        rows: Vec<TraceRow>,
        trace: Option<TraceId>,
    ) {
        let (score, tier) = self.inherited(to, Tier::Text);
        let join = Join {
            tier,
            source,
            score,
            reason,
            to: Some(to),
        };
        self.add(join, rows, trace, score);
    }

    /// The score and tier of what hangs by an id on what was joined before.
    fn inherited(&self, to: usize, tier: Tier) -> (f64, Tier) {
        let parent = &self.request.joins[to];
        (parent.score, tier.max(parent.tier))
    }

    /// Joins a unit, with the rows of its trace when it has one.
    async fn join_unit(
        &mut self,
        place: Place,
        tier: Tier,
        reason: String,
        to: usize,
        score: f64,
        way: f64,
    ) -> Result<bool, Error> {
        let unit = self.unit(place).clone();
        let stats = &mut self.request.stats;
        let rows = match unit.trace {
            Some(id) => trace_rows(self.tables, id, Some((unit.ts, unit.end())), stats).await?,
            None => rows::at(self.tables, unit.ts, unit.event_id, stats)
                .await?
                .into_iter()
                .collect(),
        };
        let (before, tier) = self.inherited(to, tier);
        let join = Join {
            tier,
            source: place.0,
            score: score * before,
            reason,
            to: Some(to),
        };
        self.add(join, rows, unit.trace, way * before);
        if !self.is_member(place) {
            // Deleted or expired since the window was read: it counts as looked at.
            self.members
                .push((place, self.request.joins.len() - 1, 0.0));
        }
        Ok(true)
    }

    /// Joins the likeliest unit that shares no id. Says whether it did.
    async fn by_assignment(&mut self) -> Result<bool, Error> {
        let mut best: Option<(f64, Place, Place, usize, Link)> = None;
        for (from, join, way) in &self.members {
            for (to, link) in self.links_of(*from) {
                let score = way * link.score;
                if score < THRESHOLD
                    || self.is_member(to)
                    || best.as_ref().is_some_and(|b| b.0 >= score)
                    || self.is_taken(*from, to)
                    || self.belongs_elsewhere(to)
                    || self.is_doubted(*from, to)
                {
                    continue;
                }
                best = Some((score, *from, to, *join, link.clone()));
            }
        }
        let Some((score, from, to, join, link)) = best else {
            return Ok(false);
        };
        let reason = self.reason(from, to, &link);
        let before = self.request.joins[join].score;
        let own = if before > 0.0 { score / before } else { score };
        self.join_unit(to, Tier::Assignment, reason, join, own, own)
            .await
    }

    /// The links of a unit, and the units they lead to.
    fn links_of(&self, from: Place) -> impl Iterator<Item = (Place, &Link)> {
        self.links.iter().flat_map(move |((a, b), links)| {
            let side = if *a == from.0 {
                Some((*b, true))
            } else if *b == from.0 {
                Some((*a, false))
            } else {
                None
            };
            let links = side.map(|(other, is_a)| {
                links.iter().filter_map(move |l| {
                    let (mine, theirs) = if is_a { (l.a, l.b) } else { (l.b, l.a) };
                    (mine == from.1).then_some(((other, theirs), l))
                })
            });
            links.into_iter().flatten()
        })
    }

    /// Whether the request has a unit of that source and lane already that is `from`'s partner.
    fn is_taken(&self, from: Place, to: Place) -> bool {
        let lane = self.unit(to).lane;
        self.links_of(from).any(|(other, l)| {
            other.0 == to.0
                && other != to
                && self.unit(other).lane == lane
                && l.own >= 0.5
                && self.is_member(other)
        })
    }

    /// Whether a unit's own partner among those that the request has one of is another one.
    fn belongs_elsewhere(&self, place: Place) -> bool {
        self.links_of(place).any(|(other, l)| {
            l.score >= THRESHOLD
                && !self.is_member(other)
                && self
                    .members
                    .iter()
                    .any(|(m, ..)| m.0 == other.0 && self.unit(*m).lane == self.unit(other).lane)
        })
    }

    /// Whether one that is in, and whose times are told as precisely, saw the same path at another
    /// time: what arrives late, as occurrences do, may not bring in what others rule out.
    fn is_doubted(&self, from: Place, to: Place) -> bool {
        let path = self.unit(to).fact(Fact::Path);
        if to.0 == Source::Occurrences || path == 0 {
            return false;
        }
        // Units of one trace are of one request: what one of them knows, all do.
        let alike = |a: Place, b: Place| {
            let trace = self.unit(a).trace;
            a == b || a.0 == b.0 && trace.is_some() && trace == self.unit(b).trace
        };
        let knows = |m: Place| {
            self.links_of(m)
                .any(|(other, l)| l.score >= DOUBT && alike(other, to))
        };
        self.members.iter().any(|(m, ..)| {
            m.0 != to.0
                && m.0 != Source::Occurrences
                && !alike(*m, from)
                && self.unit(*m).fact(Fact::Path) == path
                && !self
                    .members
                    .iter()
                    .any(|(other, ..)| alike(*other, *m) && knows(*other))
        })
    }

    /// Why two units are one request, in words.
    fn reason(&self, from: Place, to: Place, link: &Link) -> String {
        if link.same_id {
            return format!("the same trace id as the {}", from.0.one());
        }
        let unit = self.unit(to);
        let said: Vec<String> = [
            (Fact::Method, ""),
            (Fact::Path, ""),
            (Fact::Route, "route "),
            (Fact::Query, "query "),
            (Fact::Status, "status "),
            (Fact::Client, "client "),
            (Fact::Service, "service "),
            (Fact::Host, "host "),
            (Fact::Process, "process "),
            (Fact::Agent, "user agent "),
            (Fact::Exception, "exception "),
            (Fact::Outcome, ""),
        ]
        .into_iter()
        .filter(|(fact, _)| link.agree & bit(*fact) != 0)
        .map(|(fact, word)| {
            let text = self.window.texts.text(unit.fact(fact));
            format!("{word}{}", event::builder::cut_text(text, 80).0)
        })
        .collect();
        // Rounded first: a hair below nothing is not written with a minus.
        let ms = |ns: f64| format!("{:.1} ms", (ns / 1e5).round() / 10.0 + 0.0);
        let rivals = match link.rivals {
            0 => "nothing else fits".to_owned(),
            1 => "1 other fits less".to_owned(),
            n => format!("{n} others fit less"),
        };
        format!(
            "no shared id; as the {}: {}; {} from where its time is expected ({} apart by these sources' clocks); {rivals}",
            from.0.one(),
            said.join(", "),
            ms(link.off_ns.abs()),
            ms(link.shift_ns),
        )
    }

    /// Orders what was found, and names what stayed out.
    async fn finish(mut self) -> Result<Request, Error> {
        self.request.unattached = self.unattached().await?;
        self.request.rows.sort_by(|a, b| {
            let key = |r: &RequestRow| (r.row.ts_ns, std::cmp::Reverse(r.row.duration_ns));
            key(a)
                .cmp(&key(b))
                .then_with(|| a.row.event_id.cmp(&b.row.event_id))
        });
        Ok(self.request)
    }

    /// The likeliest of those near it that stayed below the threshold, best first.
    async fn unattached(&mut self) -> Result<Vec<Unattached>, Error> {
        let mut near: HashMap<Place, (f64, Place, Link)> = HashMap::new();
        for (from, ..) in &self.members {
            for (to, link) in self.links_of(*from) {
                if self.is_member(to)
                    || link.score < DOUBT
                    || link.score >= THRESHOLD && self.is_taken(*from, to)
                {
                    continue;
                }
                let best = near.get(&to).is_none_or(|b| b.0 < link.score);
                if best {
                    near.insert(to, (link.score, *from, link.clone()));
                }
            }
        }
        let mut best: Vec<(Place, (f64, Place, Link))> = near.into_iter().collect();
        best.sort_by(|(a, (one, ..)), (b, (other, ..))| {
            let time = |p: &Place| (self.unit(*p).ts, self.unit(*p).event_id.0);
            other.total_cmp(one).then_with(|| time(a).cmp(&time(b)))
        });
        best.truncate(UNATTACHED_LIMIT);
        let mut found = Vec::with_capacity(best.len());
        for (to, (score, from, link)) in best {
            let unit = self.unit(to);
            let (ts, id, trace) = (unit.ts, unit.event_id, unit.trace);
            let reason = self.reason(from, to, &link);
            let stats = &mut self.request.stats;
            // Deleted or expired since the window was read: then it is no candidate any more.
            let Some(row) = rows::at(self.tables, ts, id, stats).await? else {
                continue;
            };
            found.push(Unattached {
                row,
                trace_id: trace.map(|t| t.to_string()),
                source: to.0,
                score,
                reason,
            });
        }
        Ok(found)
    }
}
