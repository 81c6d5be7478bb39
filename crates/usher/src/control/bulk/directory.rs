//! What rows name: people, apps and groups, found or made.
//!
//! A table names the same people and apps a thousand times, so each is looked up once for a part. What a row makes is
//! remembered as if it were there, because it will be when the next row's changes are made.

use std::collections::HashMap;

use usher_http::{Chance, edge::draw};
use usher_seats::{GroupKey, LocalizedNames, Namespace, UserId, identifiers::USER_ID_MAX};
use usher_store::{App, Change, Group, LedgerChange, Store, Tenant, User, page::PAGE_ROWS_MAX};

use super::{
    planning::{Plan, Role},
    wire::{Remedy, RowRefusal},
};
use crate::{failure::Failure, identifiers, language::Words, spreadsheet::Person, words};

/// How often a free number is drawn; one draw in a thousand million meets a taken one at a million people.
const DRAWS_MAX: usize = 8;

/// Why a row gets no changes.
pub(super) enum Obstacle {
    /// It does not fit.
    Refused(RowRefusal),
    /// Nothing of the part could be done.
    Failed(Failure),
}

impl<Error: Into<Failure>> From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

/// A refusal with its name for programs.
pub(super) fn refused(reason: &str, words: Words) -> Obstacle {
    Obstacle::Refused(RowRefusal {
        reason: reason.to_owned(),
        words,
        remedy: None,
    })
}

fn missing(reason: &str, words: Words) -> Obstacle {
    Obstacle::Refused(RowRefusal {
        reason: reason.to_owned(),
        words: words.then(&words!(
            "; --create-missing makes it",
            "；--create-missing 可创建"
        )),
        remedy: Some(Remedy::CreateMissing),
    })
}

/// What one part of a table names.
pub(super) struct Directory<'a> {
    store: &'a dyn Store,
    chance: &'a dyn Chance,
    pub(super) tenant: Tenant,
    create_missing: bool,
    pub(super) plan: Plan,
    people: HashMap<UserId, Option<User>>,
    external_ids: HashMap<String, Option<UserId>>,
    apps: HashMap<Namespace, Option<App>>,
    groups: HashMap<GroupKey, Option<String>>,
    /// Apps by what people call them; none until somebody does. Two apps of one name have none.
    app_names: Option<HashMap<String, Option<Namespace>>>,
    group_names: Option<HashMap<String, Option<GroupKey>>>,
}

impl<'a> Directory<'a> {
    /// Nothing is known yet.
    pub(super) fn new(
        store: &'a dyn Store,
        chance: &'a dyn Chance,
        tenant: Tenant,
        create_missing: bool,
    ) -> Self {
        Self {
            store,
            chance,
            tenant,
            create_missing,
            plan: Plan::default(),
            people: HashMap::new(),
            external_ids: HashMap::new(),
            apps: HashMap::new(),
            groups: HashMap::new(),
            app_names: None,
            group_names: None,
        }
    }

    /// The ledger itself.
    pub(super) fn store(&self) -> &'a dyn Store {
        self.store
    }

    /// The number of somebody who must be there, or may be made.
    pub(super) async fn member(&mut self, person: &Person) -> Result<UserId, Obstacle> {
        if let Some(user) = self.find(person).await? {
            return same_person(person, &user).map(|()| user.user_id);
        }
        self.nobody_else(person).await?;
        if !self.create_missing {
            let name = named(person);
            let words = words!("there is no user \"{name}\"", "没有用户“{name}”");
            return Err(missing("user_unknown", words));
        }
        let user = self.new_user(person).await?;
        let user_id = user.user_id;
        self.plan.push(Role::User, Change::EnsureUser(user.clone()));
        self.remember(user);
        Ok(user_id)
    }

    /// Somebody, by number, else by what other systems call them. A number may be such a name too.
    pub(super) async fn find(&mut self, person: &Person) -> Result<Option<User>, Failure> {
        let Some(user_id) = person.user_id else {
            return self.by_external_id(person.external_id.as_deref()).await;
        };
        let found = self.by_number(user_id).await?;
        if found.is_some() || person.external_id.is_some() {
            return Ok(found);
        }
        self.by_external_id(Some(&user_id.to_string())).await
    }

    /// Refuses to give somebody new the name of somebody else.
    async fn nobody_else(&mut self, person: &Person) -> Result<(), Obstacle> {
        match self.by_external_id(person.external_id.as_deref()).await? {
            Some(other) => same_person(person, &other),
            None => Ok(()),
        }
    }

    async fn by_number(&mut self, user_id: UserId) -> Result<Option<User>, Failure> {
        if let Some(known) = self.people.get(&user_id) {
            return Ok(known.clone());
        }
        let found = self.store.user(self.tenant.tenant_id, user_id).await?;
        self.people.insert(user_id, found.clone());
        Ok(found)
    }

    async fn by_external_id(&mut self, external_id: Option<&str>) -> Result<Option<User>, Failure> {
        let Some(external_id) = external_id else {
            return Ok(None);
        };
        let user_id = match self.external_ids.get(external_id) {
            Some(known) => *known,
            None => {
                let credential = self.store.credential(self.tenant.tenant_id, external_id).await?;
                let found = credential.map(|credential| credential.user);
                // The store also finds people by their number, which is not asked for here.
                let found = found.filter(|user| user.external_id.as_deref() == Some(external_id));
                let user_id = found.map(|user| user.user_id);
                self.external_ids.insert(external_id.to_owned(), user_id);
                user_id
            }
        };
        match user_id {
            Some(user_id) => self.by_number(user_id).await,
            None => Ok(None),
        }
    }

    /// Somebody who is not there yet, with a free number where the row has none.
    pub(super) async fn new_user(&mut self, person: &Person) -> Result<User, Failure> {
        let user_id = match person.user_id {
            Some(user_id) => user_id,
            None => self.free_number().await?,
        };
        let name = person.name.clone().or_else(|| person.external_id.clone());
        Ok(User {
            tenant_id: self.tenant.tenant_id,
            user_id,
            name: name.unwrap_or_else(|| user_id.to_string()),
            external_id: person.external_id.clone(),
            enabled: true,
            system_administrator: false,
        })
    }

    async fn free_number(&mut self) -> Result<UserId, Failure> {
        for _ in 0..DRAWS_MAX {
            let drawn = u64::from_be_bytes(draw(self.chance)) % USER_ID_MAX.unsigned_abs();
            let number = i64::try_from(drawn).map_or(1, |drawn| drawn + 1);
            let Ok(user_id) = UserId::new(number) else {
                continue;
            };
            if self.by_number(user_id).await?.is_none() {
                return Ok(user_id);
            }
        }
        Err(Failure::failed(words!(
            "no free user_id was found",
            "未能找到空闲的 user_id"
        )))
    }

    /// Remembers somebody as a change will have made them.
    pub(super) fn remember(&mut self, user: User) {
        if let Some(external_id) = &user.external_id {
            self.external_ids.insert(external_id.clone(), Some(user.user_id));
        }
        self.people.insert(user.user_id, Some(user));
    }

    /// An app by namespace.
    pub(super) async fn app(&mut self, namespace: &Namespace) -> Result<Option<App>, Failure> {
        if let Some(known) = self.apps.get(namespace) {
            return Ok(known.clone());
        }
        let found = self.store.app(self.tenant.tenant_id, namespace).await?;
        self.apps.insert(namespace.clone(), found.clone());
        Ok(found)
    }

    /// Remembers an app as a change will have made it.
    pub(super) fn remember_app(&mut self, app: App) {
        self.apps.insert(app.namespace.clone(), Some(app));
    }

    /// The namespace of an app that must be there, or may be made, by namespace or by name.
    pub(super) async fn app_named(&mut self, text: &str) -> Result<Namespace, Obstacle> {
        let namespace = text.parse::<Namespace>().ok();
        if let Some(namespace) = &namespace
            && self.app(namespace).await?.is_some()
        {
            return Ok(namespace.clone());
        }
        match self.app_names().await?.get(text) {
            Some(Some(namespace)) => return Ok(namespace.clone()),
            Some(None) => {
                return Err(refused(
                    "app_ambiguous",
                    words!("several apps are called \"{text}\"", "有多个应用名为“{text}”"),
                ));
            }
            None => {}
        }
        let words = words!("there is no app \"{text}\"", "没有应用“{text}”");
        let Some(namespace) = namespace else {
            return Err(refused("app_unknown", words));
        };
        if !self.create_missing {
            return Err(missing("app_unknown", words));
        }
        let app = App {
            tenant_id: self.tenant.tenant_id,
            name: namespace.to_string(),
            names: LocalizedNames::NONE,
            namespace: namespace.clone(),
            enabled: true,
        };
        self.plan.push(Role::App, Change::EnsureApp(app.clone()));
        self.remember_app(app);
        Ok(namespace)
    }

    async fn app_names(&mut self) -> Result<&HashMap<String, Option<Namespace>>, Failure> {
        if self.app_names.is_none() {
            let mut names = HashMap::new();
            let mut after = None;
            loop {
                let page = self
                    .store
                    .apps(self.tenant.tenant_id, after, PAGE_ROWS_MAX)
                    .await?;
                after = page.last().map(|app| app.namespace.clone());
                let ended = page.len() < PAGE_ROWS_MAX;
                for app in page {
                    let by_language = app.names.iter().map(|(_, name)| name.to_owned());
                    for name in by_language.chain([app.name.clone()]) {
                        add(&mut names, name, &app.namespace);
                    }
                }
                if ended {
                    break;
                }
            }
            self.app_names = Some(names);
        }
        Ok(self.app_names.get_or_insert_default())
    }

    /// The key of a group that must be there, or may be made, by key or by name.
    pub(super) async fn group_named(&mut self, text: &str) -> Result<GroupKey, Obstacle> {
        if let Some(group_key) = self.find_group(text).await? {
            return Ok(group_key);
        }
        if !self.create_missing {
            let words = words!("there is no group \"{text}\"", "没有用户组“{text}”");
            return Err(missing("group_unknown", words));
        }
        self.make_group(text, text, Role::Group)
    }

    /// A group by key or by name.
    pub(super) async fn find_group(&mut self, text: &str) -> Result<Option<GroupKey>, Obstacle> {
        if let Ok(group_key) = text.parse::<GroupKey>()
            && self.group_name(&group_key).await?.is_some()
        {
            return Ok(Some(group_key));
        }
        match self.group_names().await?.get(text) {
            Some(Some(group_key)) => Ok(Some(group_key.clone())),
            Some(None) => Err(refused(
                "group_ambiguous",
                words!("several groups are called \"{text}\"", "有多个用户组名为“{text}”"),
            )),
            None => Ok(None),
        }
    }

    /// What people call a group; none when it is not there.
    pub(super) async fn group_name(&mut self, group_key: &GroupKey) -> Result<Option<String>, Failure> {
        if let Some(known) = self.groups.get(group_key) {
            return Ok(known.clone());
        }
        let found = self.store.group(self.tenant.tenant_id, group_key).await?;
        let name = found.map(|group| group.name);
        self.groups.insert(group_key.clone(), name.clone());
        Ok(name)
    }

    /// Makes a group. Its key is what the row calls it where that is one; else a key is drawn.
    pub(super) fn make_group(&mut self, text: &str, name: &str, role: Role) -> Result<GroupKey, Obstacle> {
        let number = u64::from_be_bytes(draw(self.chance));
        let group_key = text
            .parse::<GroupKey>()
            .or_else(|_| format!("group-{number:016x}").parse())
            .map_err(|error| refused("group_unknown", identifiers::words_of(&error)))?;
        self.put_group(&group_key, name, role);
        if let Some(names) = &mut self.group_names {
            add(names, text.to_owned(), &group_key);
            add(names, name.to_owned(), &group_key);
        }
        Ok(group_key)
    }

    /// Makes a group or renames it.
    pub(super) fn put_group(&mut self, group_key: &GroupKey, name: &str, role: Role) {
        let change = LedgerChange::PutGroup {
            tenant_id: self.tenant.tenant_id,
            group_key: group_key.clone(),
            name: name.to_owned(),
        };
        self.plan.push(role, change.into());
        self.groups.insert(group_key.clone(), Some(name.to_owned()));
    }

    async fn group_names(&mut self) -> Result<&HashMap<String, Option<GroupKey>>, Failure> {
        if self.group_names.is_none() {
            let mut names = HashMap::new();
            let mut after = None;
            loop {
                let page: Vec<Group> = self
                    .store
                    .groups(self.tenant.tenant_id, after, PAGE_ROWS_MAX)
                    .await?;
                after = page.last().map(|group| group.group_key.clone());
                let ended = page.len() < PAGE_ROWS_MAX;
                for group in page {
                    add(&mut names, group.name, &group.group_key);
                }
                if ended {
                    break;
                }
            }
            self.group_names = Some(names);
        }
        Ok(self.group_names.get_or_insert_default())
    }
}

/// Gives a name to a key; a name that two keys have is nobody's.
fn add<Key: Clone + PartialEq>(names: &mut HashMap<String, Option<Key>>, name: String, key: &Key) {
    names
        .entry(name)
        .and_modify(|known| {
            if known.as_ref() != Some(key) {
                *known = None;
            }
        })
        .or_insert_with(|| Some(key.clone()));
}

/// Refuses a row that names one person by number and another by name.
fn same_person(person: &Person, user: &User) -> Result<(), Obstacle> {
    let number_differs = person.user_id.is_some_and(|user_id| user_id != user.user_id);
    let name_differs = person
        .external_id
        .as_deref()
        .zip(user.external_id.as_deref())
        .is_some_and(|(written, known)| written != known);
    let by_name = person.external_id.is_none() && number_differs;
    if (number_differs && !by_name) || name_differs {
        let name = named(person);
        let user_id = user.user_id;
        let known = user.external_id.as_deref().unwrap_or(&user.name);
        return Err(refused(
            "user_mismatch",
            words!(
                "the row names two people: \"{name}\" does not go with user {user_id} ({known})",
                "该行指向两个人：“{name}”与用户 {user_id}（{known}）不符"
            ),
        ));
    }
    Ok(())
}

fn named(person: &Person) -> String {
    let number = person.user_id.map(|user_id| user_id.to_string());
    person.external_id.clone().or(number).unwrap_or_default()
}
