use super::*;
use crate::catalog::Catalog;
use event::{BatchBuilder, EventBatch, RowPolicy, TableId, TableKind, ValueRef};
use proptest::prelude::*;
use store::Follower;

const NOW: i64 = 1_772_532_000_000_000_000;
const ENV: EnvId = EnvId(1);

fn catalog(dir: &std::path::Path) -> Catalog {
    let catalog = Catalog::open(dir).unwrap();
    catalog.ensure_environment("dev", NOW).unwrap();
    catalog
}

/// Rows as a protocol writes them: number, fingerprint, version.
fn batch(dataset: &str, rows: &[(i64, &str, Option<&str>)]) -> EventBatch {
    let mut b = BatchBuilder::new(TableKind::Errors, RowPolicy::unlimited(NOW));
    for (id, fingerprint, version) in rows {
        assert!(b.begin_row(NOW + id * 1_000_000_000));
        b.set_dataset(dataset);
        b.set_name(&format!("Boom: {id}"));
        let uuid = format!("u{id}");
        b.set_event_id(event::EventId(Issues::identity(ENV, dataset, &uuid)));
        b.put_named(columns::OCCURRENCE_ID, ValueRef::Int(*id));
        b.put_named(columns::FINGERPRINT, ValueRef::Str(fingerprint));
        b.put_named(columns::ENVIRONMENT, ValueRef::Str("production"));
        b.put_named(columns::LEVEL, ValueRef::Str("error"));
        if let Some(v) = version {
            b.put_named(columns::VERSION, ValueRef::Str(v));
        }
        b.end_row();
    }
    b.finish()
}

const TABLE: TableId = TableId {
    env: ENV,
    kind: TableKind::Errors,
};

fn tell(issues: &Issues, sequence: u64, rows: &[(i64, &str, Option<&str>)]) {
    issues
        .0
        .record(TABLE, sequence, &batch("rollbar-dev", rows));
    issues.0.reached(sequence);
}

fn only(issues: &Issues) -> Arc<Issue> {
    let (list, n) = issues.list(&IssueFilter::new(ENV));
    assert_eq!(n, 1);
    Arc::clone(&list[0])
}

/// Scenario: counted, written, counted on, gone without a write; opened again and told of what lies above
/// the mark.
/// Guarantees: the same numbers, counts and times as if nothing had happened.
#[test]
fn a_replay_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let issues = Issues::open(catalog(dir.path())).unwrap();
    issues.ensure_project(ENV, "dev", NOW).unwrap();
    tell(&issues, 1, &[(1, "g1:a", None), (2, "g1:a", None)]);
    assert_eq!(issues.0.save(false).unwrap(), 1);
    tell(&issues, 2, &[(3, "g1:b", None), (4, "g1:a", None)]);
    let before = issues.list(&IssueFilter::new(ENV));
    drop(issues);

    let again = Issues::open(Catalog::open(dir.path()).unwrap()).unwrap();
    assert_eq!(again.0.applied(), 1);
    assert_eq!(only(&again).ever, 2);
    tell(&again, 2, &[(3, "g1:b", None), (4, "g1:a", None)]);
    assert_eq!(again.list(&IssueFilter::new(ENV)), before);
    let a = again.issue_by_counter(1, 1).unwrap();
    assert_eq!((a.ever, a.total, a.first.0, a.last.0), (3, 3, 1, 4));
    assert_eq!(a.hours.iter().map(|h| h.1).sum::<u32>(), 3);
    assert_eq!(a.title, "Boom: 1");
    assert_eq!(a.latest_title, "Boom: 4");
}

#[test]
fn a_change_by_people_keeps_its_place_among_the_occurrences() {
    let dir = tempfile::tempdir().unwrap();
    let issues = Issues::open(catalog(dir.path())).unwrap();
    issues.ensure_project(ENV, "dev", NOW).unwrap();
    tell(&issues, 1, &[(1, "g1:a", None)]);
    let resolve = Change {
        status: Some(Status::Resolved),
        ..Change::default()
    };
    let id = only(&issues).id;
    issues.change(id, &resolve, "owner", NOW).unwrap();
    drop(issues);

    // Not told again of the first: the change took it along.
    let again = Issues::open(Catalog::open(dir.path()).unwrap()).unwrap();
    assert_eq!(again.0.applied(), 1);
    assert_eq!(only(&again).status, Status::Resolved);
    tell(&again, 2, &[(2, "g1:a", None)]);
    let issue = only(&again);
    assert_eq!(
        (issue.status, issue.total, issue.ever),
        (Status::Active, 1, 2)
    );
    assert_eq!(issue.activating.0, 2);
    assert_eq!(
        issue.title, "Boom: 2",
        "the reactivating occurrence names it"
    );
    let what: Vec<String> = again
        .history(id)
        .unwrap()
        .into_iter()
        .map(|h| h.what)
        .collect();
    assert_eq!(what, ["reactivated", "resolved"]);
}

#[test]
fn what_is_muted_or_archived_stays_so_and_counts() {
    for status in [Status::Muted, Status::Archived] {
        let dir = tempfile::tempdir().unwrap();
        let issues = Issues::open(catalog(dir.path())).unwrap();
        issues.ensure_project(ENV, "dev", NOW).unwrap();
        tell(&issues, 1, &[(1, "g1:a", None)]);
        let change = Change {
            status: Some(status),
            title: Some("mine".into()),
            level: Some(Level::Critical),
            ..Change::default()
        };
        issues
            .change(only(&issues).id, &change, "owner", NOW)
            .unwrap();
        tell(&issues, 2, &[(2, "g1:a", None)]);
        let issue = only(&issues);
        assert_eq!((issue.status, issue.total), (status, 2));
        assert_eq!((&*issue.title, issue.level), ("mine", Level::Critical));
    }
}

/// The version gate (rollbar.md §9.1): resolved in, occurrence's version, active again?
#[test]
fn an_older_version_does_not_reactivate() {
    for (resolved_in, version, active) in [
        (None, Some("1"), true),
        (Some("42"), None, true),
        (Some("42"), Some("41"), false),
        (Some("42"), Some("42"), true),
        (Some("42"), Some("43"), true),
        (Some("1.9.0"), Some("1.10.0"), true),
        (Some("v1.10.0"), Some("1.9.3"), false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let issues = Issues::open(catalog(dir.path())).unwrap();
        issues.ensure_project(ENV, "dev", NOW).unwrap();
        tell(&issues, 1, &[(1, "g1:a", Some("0"))]);
        let change = Change {
            status: Some(Status::Resolved),
            resolved_in: resolved_in.map(str::to_owned),
            ..Change::default()
        };
        issues
            .change(only(&issues).id, &change, "owner", NOW)
            .unwrap();
        tell(&issues, 2, &[(2, "g1:a", version)]);
        let issue = only(&issues);
        assert_eq!(
            issue.status == Status::Active,
            active,
            "{resolved_in:?} {version:?}"
        );
        assert_eq!(issue.ever, 2, "a blocked one counts all the same");
    }
}

#[test]
fn revisions_go_by_their_deploys() {
    let dir = tempfile::tempdir().unwrap();
    let issues = Issues::open(catalog(dir.path())).unwrap();
    let project = issues.ensure_project(ENV, "dev", NOW).unwrap();
    let deploy = |revision: &str, at: i64| {
        let new = NewDeploy {
            project: project.id,
            environment: "production".into(),
            revision: revision.into(),
            status: DeployStatus::Succeeded,
            local_username: None,
            username: None,
            comment: None,
        };
        issues.add_deploy(new, NOW + at).unwrap();
    };
    deploy("aaaaaaa1111111", 1);
    deploy("bbbbbbb2222222", 2);
    deploy("ccccccc3333333", 3);
    tell(&issues, 1, &[(1, "g1:a", Some("aaaaaaa1111111"))]);
    let change = Change {
        status: Some(Status::Resolved),
        resolved_in: Some("bbbbbbb2222222".into()),
        ..Change::default()
    };
    let id = only(&issues).id;
    issues.change(id, &change, "owner", NOW).unwrap();
    tell(&issues, 2, &[(2, "g1:a", Some("aaaaaaa1111111"))]);
    assert_eq!(only(&issues).status, Status::Resolved);
    tell(&issues, 3, &[(3, "g1:a", Some("ccccccc"))]);
    assert_eq!(only(&issues).status, Status::Active);
}

#[test]
fn an_occurrence_is_known_before_and_after_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let issues = Issues::open(catalog(dir.path())).unwrap();
    issues.ensure_project(ENV, "dev", NOW).unwrap();
    let of = |uuid: &str| Issues::identity(ENV, "rollbar-dev", uuid);
    tell(&issues, 1, &[(7, "g1:a", None)]);
    let want = Some(Seen {
        id: 7,
        issue: 1,
        ts_ns: NOW + 7_000_000_000,
        identity: of("u7"),
    });
    assert_eq!(issues.seen(&of("u7")).unwrap(), want);
    issues.0.save(true).unwrap();
    assert_eq!(
        issues.seen(&of("U-7")).unwrap(),
        want,
        "dashes and case do not count"
    );
    assert_eq!(issues.seen_as(7).unwrap(), want);
    assert_eq!(issues.seen(&of("u8")).unwrap(), None);
    assert_eq!(issues.forget_before(NOW).unwrap(), 0);
    assert_eq!(issues.forget_before(NOW + 8_000_000_000).unwrap(), 1);
    assert_eq!(issues.seen(&of("u7")).unwrap(), None);
}

#[test]
fn a_change_that_cannot_be_written_did_not_happen() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = catalog(dir.path());
    let issues = Issues::open(catalog.clone()).unwrap();
    issues.ensure_project(ENV, "dev", NOW).unwrap();
    tell(&issues, 1, &[(1, "g1:a", None)]);
    let before = only(&issues);
    let gone = |tx: &rusqlite::Transaction<'_>| Ok(tx.execute_batch("DROP TABLE issue_history")?);
    catalog.change(gone).unwrap();
    let change = Change {
        status: Some(Status::Muted),
        ..Change::default()
    };
    assert!(issues.change(before.id, &change, "owner", NOW).is_err());
    assert_eq!(only(&issues), before);
    tell(&issues, 2, &[(2, "g1:a", None)]);
    assert_eq!(
        (only(&issues).ever, only(&issues).status),
        (2, Status::Active)
    );
}

#[test]
fn numbers_of_occurrences_are_never_given_twice() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = catalog(dir.path());
    let first = Issues::open(catalog.clone())
        .unwrap()
        .next_occurrence()
        .unwrap();
    let second = Issues::open(catalog).unwrap().next_occurrence().unwrap();
    assert!(second > first);
}

#[derive(Clone, Debug)]
enum Step {
    Occurs(u8),
    Becomes(u8, Status),
    Saves,
    Crashes,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop::sample::select(Status::ALL.to_vec());
    let step = prop_oneof![
        6 => (0..4u8).prop_map(Step::Occurs),
        2 => (0..4u8, status).prop_map(|(f, s)| Step::Becomes(f, s)),
        1 => Just(Step::Saves),
        1 => Just(Step::Crashes),
    ];
    prop::collection::vec(step, 1..60)
}

/// What the life-cycle says, written down by itself: status, counted since activation, counted ever.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Model {
    status: Status,
    total: u64,
    ever: u64,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Guarantees: whatever happens in whatever order, with a crash at any place, every issue stands where a
    /// plain walk over the steps says.
    #[test]
    fn the_life_cycle_is_exact_through_crashes(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        catalog(dir.path());
        let mut issues = Issues::open(Catalog::open(dir.path()).unwrap()).unwrap();
        issues.ensure_project(ENV, "dev", NOW).unwrap();
        let mut wal: Vec<(u64, i64, String)> = Vec::new();
        let mut model: std::collections::BTreeMap<u8, Model> = Default::default();
        for step in steps {
            match step {
                Step::Occurs(f) => {
                    let sequence = wal.len() as u64 + 1;
                    let id = i64::try_from(sequence).unwrap();
                    wal.push((sequence, id, format!("g1:{f}")));
                    tell(&issues, sequence, &[(id, &format!("g1:{f}"), None)]);
                    let m = model.entry(f).or_insert(Model { status: Status::Active, total: 0, ever: 0 });
                    if m.status == Status::Resolved {
                        *m = Model { status: Status::Active, total: 0, ever: m.ever };
                    }
                    m.total += 1;
                    m.ever += 1;
                }
                Step::Becomes(f, status) => {
                    let fingerprint = format!("{f}");
                    let filter = IssueFilter { fingerprint: Some(fingerprint), ..IssueFilter::new(ENV) };
                    let (found, _) = issues.list(&filter);
                    prop_assert_eq!(found.is_empty(), !model.contains_key(&f));
                    if let (Some(issue), Some(m)) = (found.first(), model.get_mut(&f)) {
                        let change = Change { status: Some(status), ..Change::default() };
                        issues.change(issue.id, &change, "owner", NOW).unwrap();
                        m.status = status;
                    }
                }
                Step::Saves => {
                    issues.0.save(true).unwrap();
                }
                Step::Crashes => {
                    drop(issues);
                    issues = Issues::open(Catalog::open(dir.path()).unwrap()).unwrap();
                    let applied = issues.0.applied();
                    for (sequence, id, fingerprint) in wal.iter().filter(|w| w.0 > applied) {
                        tell(&issues, *sequence, &[(*id, fingerprint, None)]);
                    }
                }
            }
            for (f, m) in &model {
                let filter = IssueFilter { fingerprint: Some(format!("{f}")), ..IssueFilter::new(ENV) };
                let (found, n) = issues.list(&filter);
                prop_assert_eq!(n, 1);
                let got = Model { status: found[0].status, total: found[0].total, ever: found[0].ever };
                prop_assert_eq!(got, *m);
            }
        }
    }
}

/// Rows of other sources in the same table are none of this room.
#[test]
fn a_row_without_a_fingerprint_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let issues = Issues::open(catalog(dir.path())).unwrap();
    let mut b = BatchBuilder::new(TableKind::Errors, RowPolicy::unlimited(NOW));
    assert!(b.begin_row(NOW));
    b.set_dataset("rollbar-dev");
    b.put_named(columns::OCCURRENCE_ID, ValueRef::Int(1));
    b.end_row();
    issues.0.record(TABLE, 1, &b.finish());
    assert_eq!(issues.list(&IssueFilter::new(ENV)).1, 0);
}
