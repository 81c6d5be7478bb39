//! What narrows the list of seats, as the address has it.
//!
//! What cannot be read is as if it had not been said, and the page says so: an address may be years old or mistyped, and a
//! list is a better answer than a refusal. Nothing is taken away by a filter alone.

use usher_console::{Block, Choice, Field, FieldKind, Filters, Link, texts::fill};
use usher_seats::{
    GroupKey, IdlePolicy, IdleVerdict, Namespace, SeatType, UserId,
    idle::{IDLE_AFTER_DAYS, IDLE_DAYS_MAX},
    search::SearchText,
};
use usher_store::{IdleKey, IdleOrder, IdleQuery};

use crate::{
    console::{desk::Desk, words},
    sign_in::{fields::Fields, problem::Problem},
};

/// The address of the list.
pub(crate) const SEATS_PATH: &str = "/console/seats";

/// Most characters of a search: longer than any name.
const SEARCH_CHARACTERS_MAX: usize = 256;

/// The fields that are typed and may hold what cannot be read.
const TYPED: [&str; 4] = ["idle", "app", "group", "person"];

/// The last name that an app can have: of the characters of a name, `z` is the last in byte order.
pub(crate) fn greatest_namespace() -> Option<Namespace> {
    "z".repeat(usher_seats::identifiers::NAMESPACE_BYTES_MAX)
        .parse()
        .ok()
}

/// Which seats, in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SeatFilter {
    idle_days: Option<u32>,
    seat_type: Option<SeatType>,
    namespace: Option<Namespace>,
    group_key: Option<GroupKey>,
    verdict: Option<IdleVerdict>,
    user_id: Option<UserId>,
    text: String,
    by_user: bool,
    all: bool,
}

impl SeatFilter {
    /// Reads it from a query or from the hidden fields of a form.
    pub(crate) fn read(fields: &Fields) -> Result<Self, Problem> {
        let text = |name| Ok::<_, Problem>(fields.text(name)?.map_or("", str::trim));
        let idle_days = text("idle")?.parse().ok().filter(|days| *days <= IDLE_DAYS_MAX);
        let namespace: Option<Namespace> = text("app")?.parse().ok();
        Ok(Self {
            idle_days,
            // An app means its own seats.
            seat_type: match namespace {
                Some(_) => Some(SeatType::PerUserPerApp),
                None => SeatType::from_wire_name(text("type")?),
            },
            namespace,
            group_key: text("group")?.parse().ok(),
            verdict: IdleVerdict::from_wire_name(text("verdict")?),
            user_id: text("person")?.parse().ok(),
            text: text("q")?.chars().take(SEARCH_CHARACTERS_MAX).collect(),
            by_user: text("sort")? == "user",
            all: text("state")? == "all",
        })
    }

    /// Names what an address says and this does not, for the person who wrote it.
    pub(crate) fn unread(&self, desk: &Desk) -> Result<Vec<Block>, Problem> {
        let seats = desk.seats();
        let read = self.pairs();
        let mut labels = Vec::new();
        let mut by_name = false;
        for (name, label) in [
            ("idle", seats.filter_idle),
            ("verdict", seats.filter_verdict),
            ("app", seats.filter_app),
            ("group", seats.filter_group),
            ("person", seats.filter_person),
        ] {
            let is_read = read
                .iter()
                .any(|(known, value)| *known == name && !value.is_empty());
            if !is_read && desk.asked(name)?.is_some_and(|text| !text.trim().is_empty()) {
                labels.push(label);
                by_name |= matches!(name, "app" | "group");
            }
        }
        if labels.is_empty() {
            return Ok(Vec::new());
        }
        let mut blocks = vec![Block::alert(fill(seats.filters_unread, &[&labels.join(" · ")]))];
        if by_name {
            blocks.push(Block::Text(seats.filters_unread_names.to_owned()));
        }
        Ok(blocks)
    }

    /// Those that have been idle for as long as the rules call idle.
    pub(crate) fn idle() -> Self {
        Self {
            idle_days: Some(IDLE_AFTER_DAYS),
            ..Self::default()
        }
    }

    /// Those with a verdict.
    pub(crate) fn with_verdict(verdict: IdleVerdict) -> Self {
        Self {
            verdict: Some(verdict),
            ..Self::default()
        }
    }

    /// Those of a pool.
    pub(crate) fn of_pool(seat_type: SeatType, namespace: Option<&Namespace>) -> Self {
        Self {
            seat_type: Some(seat_type),
            namespace: namespace.cloned(),
            ..Self::default()
        }
    }

    /// The same, and idle.
    pub(crate) fn and_idle(self) -> Self {
        Self {
            idle_days: Some(IDLE_AFTER_DAYS),
            ..self
        }
    }

    /// True when seats that nobody holds are listed too: then there is no verdict and no idleness.
    pub(crate) fn lists_all(&self) -> bool {
        self.all
    }

    /// The one person whose seats are listed.
    pub(crate) fn user_id(&self) -> Option<UserId> {
        self.user_id
    }

    /// Whose seats are listed: of people whom somebody may mean who typed this.
    pub(crate) fn search(&self) -> Option<SearchText> {
        SearchText::parse(&self.text)
    }

    /// Kind of seat and app, for the list of all.
    pub(crate) fn pool(&self) -> (Option<SeatType>, Option<Namespace>, Option<GroupKey>) {
        (self.seat_type, self.namespace.clone(), self.group_key.clone())
    }

    /// True when a seat stands where its user puts it, and not where its idleness does.
    pub(crate) fn by_user(&self) -> bool {
        self.by_user || self.all || self.user_id.is_some() || self.search().is_some()
    }

    /// The parameters of the address, each with its value or nothing.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        vec![
            ("q", self.text.clone()),
            (
                "idle",
                self.idle_days.map_or(String::new(), |days| days.to_string()),
            ),
            (
                "type",
                text(
                    self.seat_type
                        .filter(|_| self.namespace.is_none())
                        .map(SeatType::wire_name),
                ),
            ),
            ("app", text(self.namespace.as_ref().map(Namespace::as_str))),
            ("group", text(self.group_key.as_ref().map(GroupKey::as_str))),
            ("verdict", text(self.verdict.map(IdleVerdict::wire_name))),
            (
                "person",
                self.user_id.map_or(String::new(), |user_id| user_id.to_string()),
            ),
            ("sort", text(self.by_user.then_some("user"))),
            ("state", text(self.all.then_some("all"))),
        ]
    }

    /// The address of the list.
    pub(crate) fn address(&self) -> String {
        let pairs = self.pairs();
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        super::super::address::address(SEATS_PATH, &pairs)
    }

    /// The same list in the other order.
    pub(crate) fn sorted(&self, by_user: bool) -> Self {
        Self {
            by_user,
            ..self.clone()
        }
    }

    /// The question to the ledger. In order of idleness seats used today have no place yet, so they are left out there.
    pub(crate) fn query(
        &self,
        desk: &Desk,
        now_ms: i64,
        after: Option<IdleKey>,
        rows_max: usize,
    ) -> IdleQuery {
        let by_user = self.by_user();
        let never_used = !by_user && self.verdict == Some(IdleVerdict::NeverUsed);
        IdleQuery {
            tenant_id: desk.tenant_id(),
            now_ms,
            policy: IdlePolicy::default(),
            idle_days_min: self.idle_days.unwrap_or(u32::from(!by_user && !never_used)),
            never_used,
            seat_type: self.seat_type,
            namespace: self.namespace.clone(),
            group_key: self.group_key.clone(),
            user_id: self.user_id,
            verdicts: self.verdict.into_iter().collect(),
            order: if by_user {
                IdleOrder::User
            } else {
                IdleOrder::LongestIdleFirst
            },
            after,
            rows_max,
        }
    }

    /// What stands in a field of the form: what was read, else what was typed and could not be, for the person to mend.
    fn shown(&self, desk: &Desk, name: &'static str) -> Result<String, Problem> {
        let found = self.pairs().into_iter().find(|(known, _)| *known == name);
        match found.map(|(_, value)| value).filter(|value| !value.is_empty()) {
            None if TYPED.contains(&name) => Ok(desk.asked(name)?.unwrap_or_default().to_owned()),
            found => Ok(found.unwrap_or_default()),
        }
    }

    /// The orders to choose from. Where only one applies, whatever is chosen, it is the only one.
    fn orders(&self, desk: &Desk) -> Vec<Choice> {
        let seats = desk.seats();
        let by_user = |value| Choice::new(value, seats.sort_user);
        if self.sorted(false).by_user() {
            return vec![by_user(if self.by_user { "user" } else { "" })];
        }
        vec![Choice::new("", seats.sort_idle), by_user("user")]
    }

    /// The form above the list.
    pub(crate) fn form(&self, desk: &Desk) -> Result<Block, Problem> {
        let (shell, seats, ledger) = (desk.shell(), desk.seats(), desk.words());
        let any = || vec![Choice::new("", shell.any)];
        let mut kinds = any();
        kinds.extend(words::seat_type_choices(ledger));
        let mut verdicts = any();
        verdicts.extend(
            IdleVerdict::ALL.map(|verdict| Choice::new(verdict.wire_name(), words::verdict(ledger, verdict))),
        );
        let states = vec![
            Choice::new("", seats.state_held),
            Choice::new("all", seats.state_all),
        ];
        let field = |name, label: &str, kind| {
            self.shown(desk, name)
                .map(|value| Field::new(name, label, kind).with(value))
        };
        // A browser shows nothing in a field for numbers that holds something else.
        let days = if self
            .shown(desk, "idle")?
            .bytes()
            .all(|byte| byte.is_ascii_digit())
        {
            FieldKind::Number
        } else {
            FieldKind::Text
        };
        Ok(Block::Filters(Filters {
            id: "filter",
            action: SEATS_PATH.to_owned(),
            fields: vec![
                field("q", seats.filter_search, FieldKind::Search)?,
                field("idle", seats.filter_idle, days)?,
                field("verdict", seats.filter_verdict, FieldKind::Select(verdicts))?,
                field("type", seats.filter_type, FieldKind::Select(kinds))?,
                field("app", seats.filter_app, FieldKind::Text)?,
                field("group", seats.filter_group, FieldKind::Text)?,
                field("person", seats.filter_person, FieldKind::Text)?,
                field("sort", seats.sort, FieldKind::Select(self.orders(desk)))?,
                field("state", seats.filter_state, FieldKind::Select(states))?,
            ],
            reset: (*self != Self::default()).then(|| Link::new(shell.reset, SEATS_PATH)),
            button: shell.filter.to_owned(),
        }))
    }
}
