//! `/control/v1/changes`: users, apps, routes, seats, tenants and clients.
//!
//! Each line makes a thing or brings it to the given state ([`change_line`](super::change_line)), so that a file may be
//! applied again after it was mended. Lines take effect in order; the first that does not fit ends the call, and
//! everything before it stays.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use usher_seats::{TenantId, TenantKey};
use usher_store::{Change, Effect, Rejection, StoreError};

use super::{
    Control,
    change_line::{ChangeLine, TenantLine, name_or},
    refusals,
    wire::{ChangesAnswer, ChangesQuestion, RefusedChange},
};
use crate::{failure::Failure, language::Words};

/// Makes the changes.
pub(crate) async fn answer(
    State(control): State<Arc<Control>>,
    Json(question): Json<ChangesQuestion>,
) -> Result<Json<ChangesAnswer>, Failure> {
    let mut work = Work {
        control: &control,
        default_tenant: question.tenant_key,
        tenants: BTreeMap::new(),
        group: Vec::new(),
        answer: ChangesAnswer::default(),
    };
    work.run(question.changes).await?;
    Ok(Json(work.answer))
}

/// One call on its way. Changes are gathered into groups, each made with one commit; a new tenant ends a group,
/// because the lines after it need its number.
struct Work<'a> {
    control: &'a Control,
    default_tenant: TenantKey,
    /// Tenants met so far, so that each is looked up once.
    tenants: BTreeMap<TenantKey, TenantId>,
    /// The open group: positions and changes.
    group: Vec<(usize, Change)>,
    answer: ChangesAnswer,
}

impl Work<'_> {
    async fn run(&mut self, lines: Vec<ChangeLine>) -> Result<(), Failure> {
        for (index, line) in lines.into_iter().enumerate() {
            self.take(index, line).await?;
            if self.answer.refused.is_some() {
                return Ok(());
            }
        }
        self.commit().await
    }

    /// Puts a line into the group, or makes its tenant at once.
    async fn take(&mut self, index: usize, line: ChangeLine) -> Result<(), Failure> {
        if let Err(words) = line.check() {
            return self.refuse(index, words).await;
        }
        if let ChangeLine::Tenant(line) = line {
            self.commit().await?;
            if self.answer.refused.is_none() {
                self.make_tenant(line).await?;
            }
            return Ok(());
        }
        let tenant_key = line.tenant_key().unwrap_or(&self.default_tenant).clone();
        let Some(tenant_id) = self.tenant_id(tenant_key).await? else {
            let words = refusals::of_rejection(Rejection::TenantUnknown);
            return self.refuse(index, words).await;
        };
        match line.into_change(tenant_id) {
            Ok(change) => self.group.push((index, change)),
            Err(words) => self.refuse(index, words).await?,
        }
        Ok(())
    }

    async fn tenant_id(&mut self, tenant_key: TenantKey) -> Result<Option<TenantId>, Failure> {
        if let Some(tenant_id) = self.tenants.get(&tenant_key) {
            return Ok(Some(*tenant_id));
        }
        let tenant = self.control.store.tenant(&tenant_key).await?;
        let tenant_id = tenant.map(|tenant| tenant.tenant_id);
        self.tenants
            .extend(tenant_id.map(|tenant_id| (tenant_key, tenant_id)));
        Ok(tenant_id)
    }

    async fn make_tenant(&mut self, line: TenantLine) -> Result<(), Failure> {
        let TenantLine {
            tenant_key,
            name,
            enabled,
            time_zone,
        } = line;
        let (tenant_id, mut effect) = match self.control.store.tenant(&tenant_key).await? {
            Some(tenant) => {
                let tenant_id = tenant.tenant_id;
                let name = (!name.is_empty()).then_some(name);
                let described = Change::DescribeTenant {
                    tenant_id,
                    name,
                    time_zone,
                };
                (tenant_id, self.one_change(described).await?)
            }
            None => {
                let created = Change::CreateTenant {
                    name: name_or(name, &tenant_key),
                    tenant_key,
                    time_zone: time_zone.unwrap_or_default(),
                };
                match self.one_change(created).await? {
                    created @ Effect::TenantCreated(tenant_id) => (tenant_id, created),
                    _ => return Ok(()),
                }
            }
        };
        let switched = self
            .one_change(Change::SetTenantEnabled { tenant_id, enabled })
            .await?;
        if effect == Effect::Unchanged {
            effect = switched;
        }
        self.count(&[effect]);
        Ok(())
    }

    async fn one_change(&self, change: Change) -> Result<Effect, StoreError> {
        let effects = self.change(vec![change]).await?;
        Ok(effects.first().copied().unwrap_or(Effect::Unchanged))
    }

    /// Makes the group. When one change does not fit, those before it are made without it.
    async fn commit(&mut self) -> Result<(), Failure> {
        let group = std::mem::take(&mut self.group);
        let changes = |most: usize| -> Vec<Change> {
            group
                .iter()
                .take(most)
                .map(|(_, change)| change.clone())
                .collect()
        };
        if group.is_empty() {
            return Ok(());
        }
        match self.change(changes(usize::MAX)).await {
            Ok(effects) => self.count(&effects),
            Err(StoreError::Rejected { index, rejection }) => {
                let effects = self.change(changes(index)).await;
                self.count(&effects?);
                let index = group.get(index).map_or(0, |(index, _)| *index);
                let words = refusals::of_rejection(rejection);
                self.answer.refused = Some(RefusedChange { index, words });
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn change(&self, changes: Vec<Change>) -> Result<Vec<Effect>, StoreError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        self.control.change(changes).await
    }

    /// Makes what stands before a line that does not fit. If that fails already, its refusal is the first.
    async fn refuse(&mut self, index: usize, words: Words) -> Result<(), Failure> {
        self.commit().await?;
        self.answer.refused.get_or_insert(RefusedChange { index, words });
        Ok(())
    }

    fn count(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Created | Effect::TenantCreated(_) | Effect::Waiting(_) => self.answer.created += 1,
                Effect::Updated => self.answer.updated += 1,
                Effect::Unchanged => self.answer.unchanged += 1,
            }
        }
    }
}
