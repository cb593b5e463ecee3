//! The issues in memory, and what became of them since the file was written.

use super::model::{
    Deploy, DeployStatus, HistoryEntry, Issue, NewDeploy, Occurrence, Project, Seen, Status,
};
use event::EnvId;
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What tells issues apart: project, the sender's environment, fingerprint.
type Key = (i64, String, String);

/// Everything that is not in the file yet.
#[derive(Default)]
pub(super) struct Pending {
    pub projects: Vec<Arc<Project>>,
    pub issues: Vec<Arc<Issue>>,
    pub hours: Vec<(i64, u32)>,
    pub occurrences: Vec<([u8; 16], Seen)>,
    pub history: Vec<HistoryEntry>,
    pub deploys: Vec<Arc<Deploy>>,
    /// Issues and deploys as they were before people changed them.
    pub issues_before: Vec<Arc<Issue>>,
    pub deploys_before: Vec<Arc<Deploy>>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.projects.is_empty()
            && self.issues.is_empty()
            && self.hours.is_empty()
            && self.occurrences.is_empty()
            && self.history.is_empty()
            && self.deploys.is_empty()
    }
}

#[derive(Default)]
pub(super) struct State {
    projects: HashMap<(EnvId, Arc<str>), Arc<Project>>,
    issues: BTreeMap<i64, Arc<Issue>>,
    by_key: HashMap<Key, i64>,
    by_counter: HashMap<(i64, i64), i64>,
    /// Greatest counter of each project.
    counters: HashMap<i64, i64>,
    deploys: Vec<Arc<Deploy>>,
    pub(super) limits: HashMap<String, super::model::RateLimit>,
    next_project: i64,
    next_issue: i64,
    next_deploy: i64,
    /// Every record up to this sequence is in here.
    pub(super) reached: u64,
    /// Every record up to this sequence is in the file.
    pub(super) applied: u64,
    changed: HashSet<i64>,
    touched_hours: HashSet<(i64, u32)>,
    new_projects: Vec<Arc<Project>>,
    notes: Vec<HistoryEntry>,
    occurrences: HashMap<[u8; 16], Seen>,
    /// Of them, by number; those being written too, until they are.
    writing: HashMap<[u8; 16], Seen>,
}

impl State {
    pub(super) fn restore_project(&mut self, project: Project) {
        self.next_project = self.next_project.max(project.id);
        let key = (project.env, Arc::clone(&project.dataset));
        self.projects.insert(key, Arc::new(project));
    }

    pub(super) fn restore_issue(&mut self, issue: Issue) {
        self.next_issue = self.next_issue.max(issue.id);
        let counter = self.counters.entry(issue.project).or_default();
        *counter = (*counter).max(issue.counter);
        let key = (
            issue.project,
            issue.environment.clone(),
            issue.fingerprint.clone(),
        );
        self.by_key.insert(key, issue.id);
        self.by_counter
            .insert((issue.project, issue.counter), issue.id);
        self.issues.insert(issue.id, Arc::new(issue));
    }

    pub(super) fn restore_hour(&mut self, issue: i64, hour: u32, count: u32) {
        if let Some(issue) = self.issues.get_mut(&issue) {
            Arc::make_mut(issue).hours.push((hour, count));
        }
    }

    pub(super) fn restore_deploy(&mut self, deploy: Deploy) {
        self.next_deploy = self.next_deploy.max(deploy.id);
        self.deploys.push(Arc::new(deploy));
    }

    pub(super) fn projects(&self) -> impl Iterator<Item = &Arc<Project>> {
        self.projects.values()
    }

    pub(super) fn project_of(&self, env: EnvId, dataset: &str) -> Option<Arc<Project>> {
        self.projects.get(&(env, Arc::from(dataset))).cloned()
    }

    /// A new project in memory; whoever asks sees to the file.
    pub(super) fn add_project(
        &mut self,
        env: EnvId,
        dataset: &Arc<str>,
        name: &str,
        now: i64,
    ) -> Arc<Project> {
        self.next_project += 1;
        let project = Arc::new(Project {
            id: self.next_project,
            env,
            dataset: Arc::clone(dataset),
            name: name.to_owned(),
            created_ns: now,
        });
        self.projects
            .insert((env, Arc::clone(dataset)), Arc::clone(&project));
        project
    }

    pub(super) fn issue(&self, id: i64) -> Option<Arc<Issue>> {
        self.issues.get(&id).cloned()
    }

    pub(super) fn by_counter(&self, project: i64, counter: i64) -> Option<Arc<Issue>> {
        self.issue(*self.by_counter.get(&(project, counter))?)
    }

    pub(super) fn issues(&self) -> impl Iterator<Item = &Arc<Issue>> {
        self.issues.values()
    }

    pub(super) fn replace(&mut self, issue: Arc<Issue>) {
        self.issues.insert(issue.id, issue);
    }

    pub(super) fn deploys(&self) -> &[Arc<Deploy>] {
        &self.deploys
    }

    pub(super) fn deploy(&self, project: i64, id: i64) -> Option<Arc<Deploy>> {
        let mut all = self.deploys.iter();
        all.find(|d| d.id == id && d.project == project).cloned()
    }

    pub(super) fn add_deploy(&mut self, new: NewDeploy, now: i64) -> Arc<Deploy> {
        self.next_deploy += 1;
        let deploy = Arc::new(Deploy {
            id: self.next_deploy,
            project: new.project,
            environment: new.environment,
            revision: new.revision,
            finished_ns: (new.status != DeployStatus::Started).then_some(now),
            status: new.status,
            local_username: new.local_username,
            username: new.username,
            comment: new.comment,
            started_ns: now,
        });
        self.deploys.push(Arc::clone(&deploy));
        deploy
    }

    pub(super) fn replace_deploy(&mut self, deploy: Arc<Deploy>) {
        if let Some(place) = self.deploys.iter_mut().find(|d| d.id == deploy.id) {
            *place = deploy;
        }
    }

    /// Applies one occurrence: the only place where counts grow.
    pub(super) fn apply(&mut self, o: &Occurrence) {
        let project = match self.project_of(o.env, &o.dataset) {
            Some(project) => project.id,
            None => {
                // Its rows outlived the catalog that knew it.
                let project = self.add_project(o.env, &o.dataset, &o.dataset, o.ts_ns);
                self.new_projects.push(Arc::clone(&project));
                project.id
            }
        };
        let key = (project, o.environment.clone(), o.fingerprint.clone());
        let id = match self.by_key.get(&key) {
            Some(id) => *id,
            None => {
                self.next_issue += 1;
                let counter = self.counters.entry(project).or_default();
                *counter += 1;
                let issue = Issue::new(self.next_issue, project, *counter, o);
                self.by_key.insert(key, issue.id);
                self.by_counter.insert((project, issue.counter), issue.id);
                self.issues.insert(issue.id, Arc::new(issue));
                self.next_issue
            }
        };
        let Some(found) = self.issues.get_mut(&id) else {
            return;
        };
        let deploys = &self.deploys;
        let note = Arc::make_mut(found).count(o, |issue| passes_gate(issue, o, deploys));
        self.notes.extend(note);
        self.changed.insert(id);
        self.touched_hours
            .insert((id, super::model::hour_of(o.ts_ns)));
        let seen = Seen {
            id: o.id,
            issue: id,
            ts_ns: o.ts_ns,
            identity: o.identity,
        };
        self.occurrences.insert(o.identity, seen);
    }

    /// An occurrence that is not in the file yet.
    pub(super) fn unsaved(&self, identity: &[u8; 16]) -> Option<Seen> {
        let found = self.occurrences.get(identity);
        found.or_else(|| self.writing.get(identity)).copied()
    }

    pub(super) fn unsaved_as(&self, id: i64) -> Option<Seen> {
        let mut all = self.occurrences.values().chain(self.writing.values());
        all.find(|s| s.id == id).copied()
    }

    pub(super) fn is_changed(&self) -> bool {
        !self.changed.is_empty() || !self.new_projects.is_empty()
    }

    /// Takes what is to be written, and the sequence it goes up to.
    pub(super) fn take(&mut self) -> (Pending, u64) {
        self.writing.clone_from(&self.occurrences);
        let changed = std::mem::take(&mut self.changed);
        let pending = Pending {
            projects: std::mem::take(&mut self.new_projects),
            issues: changed.iter().filter_map(|id| self.issue(*id)).collect(),
            hours: std::mem::take(&mut self.touched_hours)
                .into_iter()
                .collect(),
            occurrences: std::mem::take(&mut self.occurrences).into_iter().collect(),
            history: std::mem::take(&mut self.notes),
            ..Pending::default()
        };
        (pending, self.reached)
    }

    /// Puts back what [`Self::take`] gave and could not be written.
    pub(super) fn put_back(&mut self, pending: Pending) {
        self.changed.extend(pending.issues.iter().map(|i| i.id));
        self.new_projects.extend(pending.projects);
        self.touched_hours.extend(pending.hours);
        self.occurrences.extend(pending.occurrences);
        let mut notes = pending.history;
        notes.append(&mut self.notes);
        self.notes = notes;
        self.writing.clear();
    }

    /// Takes back a change by people that could not be written.
    pub(super) fn undo(&mut self, own: Pending) {
        for p in own.projects {
            self.projects.remove(&(p.env, Arc::clone(&p.dataset)));
        }
        for d in own.deploys {
            self.deploys.retain(|other| other.id != d.id);
        }
        self.deploys.extend(own.deploys_before);
        self.deploys.sort_by_key(|d| d.id);
        for issue in own.issues_before {
            self.replace(issue);
        }
    }

    /// Notes that what [`Self::take`] gave is in the file.
    pub(super) fn written(&mut self, sequence: u64) {
        self.applied = self.applied.max(sequence);
        self.writing.clear();
    }
}

/// Whether an occurrence makes a resolved issue active again (rollbar.md §9.1, "Version gate").
fn passes_gate(issue: &Issue, o: &Occurrence, deploys: &[Arc<Deploy>]) -> bool {
    debug_assert_eq!(issue.status, Status::Resolved);
    let (Some(resolved), Some(version)) = (&issue.resolved_in, &o.version) else {
        return true;
    };
    if let (Some(a), Some(b)) = (ordered(version), ordered(resolved))
        && a.len() == b.len()
    {
        return a >= b;
    }
    // Revisions have no order of their own: that of their first deploys counts, as it was known then.
    let first_deploy = |revision: &str| {
        let mut own = deploys.iter().filter(|d| {
            d.project == issue.project
                && d.environment == issue.environment
                && d.started_ns <= o.ts_ns
                && is_same_revision(&d.revision, revision)
        });
        own.next().map(|d| d.started_ns)
    };
    match (first_deploy(version), first_deploy(resolved)) {
        (Some(of_version), Some(of_resolved)) => of_version >= of_resolved,
        // Never deployed as far as we know: new since the resolution, or still the old one.
        _ => issue.last_version.as_ref() != Some(version) || is_same_revision(version, resolved),
    }
}

/// An integer, or three numbers with dots.
fn ordered(version: &str) -> Option<Vec<u64>> {
    let text = version.trim().trim_start_matches('v');
    let core = text.split(['-', '+']).next()?;
    let numbers: Option<Vec<u64>> = core.split('.').map(|p| p.parse().ok()).collect();
    numbers.filter(|n| matches!(n.len(), 1 | 3))
}

/// Equal, or one is the beginning of the other, of at least seven characters.
fn is_same_revision(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    a == b || (short.len() >= 7 && long.starts_with(short))
}
