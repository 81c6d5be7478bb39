//! `usher config show`: every setting, its value, and where the value came from.

use serde_json::json;

use super::Context;
use crate::{
    arguments::SettingArguments,
    failure::Failure,
    language::{Language, Words},
    output::Exit,
    settings::{Resolved, SETTINGS},
};

/// Prints the settings a server would start with. A value is shown even when a server would refuse it: whoever asks
/// is perhaps looking for just that.
pub(super) fn show(context: &Context<'_>, flags: SettingArguments) -> Result<Exit, Failure> {
    let layers = context.layers(flags)?;
    let resolved: Vec<Resolved> = SETTINGS
        .into_iter()
        .map(|setting| layers.resolve(setting))
        .collect();
    let machine: Vec<_> = resolved
        .iter()
        .map(|resolved| {
            json!({
                "name": resolved.setting.name,
                "value": resolved.shown(),
                "set": resolved.text.is_some(),
                "origin": resolved.origin.name(),
                "place": resolved.origin.place(),
            })
        })
        .collect();
    let table = Words::new(
        table(&resolved, Language::English),
        table(&resolved, Language::Chinese),
    );
    context.output.result(&table, &json!({ "settings": machine }))?;
    Ok(Exit::Done)
}

fn table(resolved: &[Resolved], language: Language) -> String {
    let rows: Vec<(&str, String, String)> = resolved
        .iter()
        .map(|resolved| {
            (
                resolved.setting.name,
                shown(resolved, language),
                resolved.origin.words().text(language).to_owned(),
            )
        })
        .collect();
    let name_width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let value_width = rows
        .iter()
        .map(|(_, value, _)| value.chars().count())
        .max()
        .unwrap_or(0);
    let lines: Vec<String> = rows
        .iter()
        .map(|(name, value, origin)| format!("{name:name_width$}  {value:value_width$}  {origin}"))
        .collect();
    lines.join("\n")
}

/// The value, or for a secret only whether there is one.
fn shown(resolved: &Resolved, language: Language) -> String {
    let (set, not_set) = match language {
        Language::English => ("(set)", "(not set)"),
        Language::Chinese => ("（已设置）", "（未设置）"),
    };
    match (&resolved.text, resolved.shown()) {
        (None, _) => not_set.to_owned(),
        (Some(_), None) => set.to_owned(),
        (Some(_), Some(shown)) => shown,
    }
}
