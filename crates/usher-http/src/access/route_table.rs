//! Which app a host and a path mean.
//!
//! The operator says for each app on which host and under which path prefix a gateway serves it
//! ([`usher_store::AppRoute`]). [`RouteTable`] holds all routes; `app_routes` keeps it up to date.
//!
//! A host whose only route is `/` belongs to one app, so its paths need no reading. On any other host the path
//! decides: prefixes match at segment boundaries, the longest wins, and a path that different programs read
//! differently is ambiguous unless every reading ends at the same app. That is so when no route lies below the head
//! that all readings share: then, whatever follows the head, nothing can be longer than what matches the head.
//!
//! The same holds for a path that meets another route when letters are compared without case, as some programs do.
//!
//! A stored route that is not in its canonical form could never match, and what it should have covered would fall to
//! a shorter prefix. So a host with such a route is ambiguous as a whole until somebody mends it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use usher_seats::{Namespace, TenantId};
use usher_store::AppRoute;

use crate::access::{
    canonical_host::{CanonicalHost, HostError},
    canonical_path::{CanonicalPath, PathError, Readings},
};

/// Longest prefix in bytes: longer than any that people write, and short enough that matching costs nothing.
const PREFIX_BYTES_MAX: usize = 512;

/// The app behind a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTarget {
    /// The tenant's number inside.
    pub tenant_id: TenantId,
    /// The app.
    pub namespace: Namespace,
}

/// What a host and a path mean.
#[derive(Debug, PartialEq, Eq)]
pub enum AppMeaning<'table> {
    /// This app.
    App(&'table RouteTarget),
    /// No app.
    Unknown,
    /// Perhaps one app, perhaps another.
    Ambiguous,
}

/// Why a host and a prefix are no route. The message is fit for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RouteTextError {
    /// The host.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The prefix is no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The prefix could be read in two ways.
    #[error(
        "path_prefix must have one reading: no '//', ';', '\\', '?', dot segments or encoded '/', '\\', '%', ';', '?', '#'"
    )]
    PrefixAmbiguous,
    /// The prefix is too long.
    #[error("path_prefix must have at most 512 characters")]
    PrefixTooLong,
}

/// Brings the host and prefix of a route into the form in which they are stored: canonical, and the prefix without a
/// slash at its end unless it is `/`.
///
/// # Errors
/// [`RouteTextError`] says which of them cannot be a route's.
pub fn canonical_route(host: &str, path_prefix: &str) -> Result<(String, String), RouteTextError> {
    let host = CanonicalHost::parse(host)?;
    if path_prefix.contains('?') {
        return Err(RouteTextError::PrefixAmbiguous);
    }
    let path = CanonicalPath::parse(path_prefix)?;
    match (path.readings(), path.shared_head()) {
        (Readings::One, Some(head)) if head.len() > PREFIX_BYTES_MAX => Err(RouteTextError::PrefixTooLong),
        (Readings::One, Some("")) => Ok((host.to_string(), "/".to_owned())),
        (Readings::One, Some(head)) => Ok((host.to_string(), head.to_owned())),
        _ => Err(RouteTextError::PrefixAmbiguous),
    }
}

/// The routes of one host. Prefixes are without the slash at their end, so the root is `""`.
#[derive(Debug, Default)]
struct HostRoutes {
    prefixes: BTreeMap<String, RouteTarget>,
    /// The same prefixes in lower case.
    folded_prefixes: BTreeSet<String>,
    /// A route that is not canonical was met.
    unreadable: bool,
}

/// All routes.
#[derive(Debug, Default)]
pub struct RouteTable {
    hosts: HashMap<String, HostRoutes>,
}

impl RouteTable {
    /// A table of these routes.
    #[must_use]
    pub fn new(routes: Vec<AppRoute>) -> Self {
        let mut table = Self::default();
        for route in routes {
            table.add(route);
        }
        table
    }

    fn add(&mut self, route: AppRoute) {
        let canonical = canonical_route(&route.host, &route.path_prefix);
        let as_stored =
            canonical.is_ok_and(|(host, prefix)| host == route.host && prefix == route.path_prefix);
        let host = self.hosts.entry(route.host.to_ascii_lowercase()).or_default();
        if as_stored {
            let prefix = route.path_prefix.trim_end_matches('/').to_owned();
            let target = RouteTarget {
                tenant_id: route.tenant_id,
                namespace: route.namespace,
            };
            host.folded_prefixes.insert(prefix.to_ascii_lowercase());
            host.prefixes.insert(prefix, target);
        } else {
            tracing::warn!(
                app_route.host = route.host,
                app_route.path_prefix = route.path_prefix,
                "a stored route is not in its canonical form; its host is denied until the route is mended"
            );
            host.unreadable = true;
        }
    }

    /// What a host and a path mean.
    #[must_use]
    pub fn meaning(&self, host: &CanonicalHost, path: Option<&CanonicalPath>) -> AppMeaning<'_> {
        match self.hosts.get(host.as_str()) {
            None => AppMeaning::Unknown,
            Some(host) => host.meaning(path),
        }
    }

    /// Everything a route leads to, with repetitions.
    pub(super) fn targets(&self) -> impl Iterator<Item = &RouteTarget> {
        self.hosts.values().flat_map(|host| host.prefixes.values())
    }
}

impl HostRoutes {
    fn meaning(&self, path: Option<&CanonicalPath>) -> AppMeaning<'_> {
        if self.unreadable {
            return AppMeaning::Ambiguous;
        }
        if let (1, Some(only)) = (self.prefixes.len(), self.prefixes.get("")) {
            return AppMeaning::App(only);
        }
        let Some((path, head)) = path.and_then(|path| path.shared_head().map(|head| (path, head))) else {
            return AppMeaning::Ambiguous;
        };
        let folded_head = head.to_ascii_lowercase();
        if path.readings() != Readings::One && self.any_below(&folded_head) {
            return AppMeaning::Ambiguous;
        }
        let found = longest_match(head, |prefix| self.prefixes.get_key_value(prefix));
        let found_folded = longest_match(&folded_head, |prefix| self.folded_prefixes.get(prefix));
        if found.map(|(prefix, _)| prefix.len()) != found_folded.map(String::len) {
            return AppMeaning::Ambiguous;
        }
        found.map_or(AppMeaning::Unknown, |(_, target)| AppMeaning::App(target))
    }

    /// True when a route lies strictly below this head, letters compared without case.
    fn any_below(&self, folded_head: &str) -> bool {
        let below = format!("{folded_head}/");
        let from_there = (Bound::Included(below.as_str()), Bound::Unbounded);
        let next = self.folded_prefixes.range::<str, _>(from_there).next();
        next.is_some_and(|prefix| prefix.starts_with(&below))
    }
}

/// What `look_up` finds for the longest prefix of `head` that ends where a segment ends.
fn longest_match<T>(head: &str, look_up: impl Fn(&str) -> Option<T>) -> Option<T> {
    let mut candidate = head;
    loop {
        let found = if candidate.len() <= PREFIX_BYTES_MAX {
            look_up(candidate)
        } else {
            None
        };
        if found.is_some() {
            return found;
        }
        (candidate, _) = candidate.rsplit_once('/')?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(routes: &[(&str, &str, &str)]) -> RouteTable {
        RouteTable::new(
            routes
                .iter()
                .map(|(host, path_prefix, namespace)| AppRoute {
                    host: (*host).to_owned(),
                    path_prefix: (*path_prefix).to_owned(),
                    tenant_id: TenantId(1),
                    namespace: namespace.parse().unwrap(),
                })
                .collect(),
        )
    }

    /// The namespace, `?` for ambiguous, `-` for unknown.
    fn meaning(table: &RouteTable, host: &str, path: &str) -> String {
        let host = CanonicalHost::parse(host).unwrap();
        let path = CanonicalPath::parse(path).unwrap();
        match table.meaning(&host, Some(&path)) {
            AppMeaning::App(target) => target.namespace.to_string(),
            AppMeaning::Unknown => "-".to_owned(),
            AppMeaning::Ambiguous => "?".to_owned(),
        }
    }

    #[test]
    fn a_host_of_one_app_needs_no_path() {
        let table = table(&[("crm.example.com", "/", "crm")]);
        for path in ["/", "/../x", "//", "/%2e%2e/%2f;", "/\\", "/%ff"] {
            assert_eq!(meaning(&table, "CRM.example.com.:443", path), "crm", "{path}");
        }
        let host = CanonicalHost::parse("crm.example.com").unwrap();
        assert!(matches!(table.meaning(&host, None), AppMeaning::App(_)));
        assert_eq!(meaning(&table, "hr.example.com", "/"), "-");
    }

    #[test]
    fn prefixes_match_at_segment_boundaries_and_the_longest_wins() {
        let table = table(&[
            ("a", "/", "root"),
            ("a", "/crm", "crm"),
            ("a", "/crm/admin", "admin"),
            ("b", "/hr", "hr"),
        ]);
        for (host, path, expected) in [
            ("a", "/", "root"),
            ("a", "/crm", "crm"),
            ("a", "/crm/", "crm"),
            ("a", "/crm/x?y", "crm"),
            ("a", "/crm-old", "root"),
            ("a", "/crmx/admin", "root"),
            ("a", "/%63rm/%61dmin/x", "admin"),
            ("a", "/crm/admin", "admin"),
            ("a", "/crm/administrator", "crm"),
            ("a", "/CRM", "?"),
            ("a", "/crm/Admin/x", "?"),
            ("a", "/CRM-old", "root"),
            ("b", "/HR", "?"),
            ("b", "/", "-"),
            ("b", "/hr/x", "hr"),
            ("b", "/hrx", "-"),
        ] {
            assert_eq!(meaning(&table, host, path), expected, "{host}{path}");
        }
        let host = CanonicalHost::parse("b").unwrap();
        assert_eq!(table.meaning(&host, None), AppMeaning::Ambiguous);
    }

    #[test]
    fn where_apps_share_a_host_a_path_must_lead_to_one_of_them() {
        let table = table(&[
            ("a", "/", "root"),
            ("a", "/crm", "crm"),
            ("a", "/crm/admin", "admin"),
        ]);
        for (path, expected) in [
            ("/other/a%2fb", "root"),
            ("/other//x", "root"),
            ("/crm/admin/a%2fb;c", "admin"),
            ("/crm/x/a;b", "crm"),
            ("/crm/a;b", "?"),
            ("/crm//admin", "?"),
            ("/crm%2fadmin", "?"),
            ("/crm\\admin", "?"),
            ("//crm", "?"),
            ("/other;/x", "?"),
            ("/crm./x", "?"),
            ("/crm%20/x", "?"),
            ("/crm/x.", "?"),
            ("/crm/x/y.", "crm"),
            ("/crm/admin/..", "?"),
            ("/other/%2e%2e/crm", "?"),
            ("/other/..;/crm", "?"),
            ("/other/%252e%252e/crm", "?"),
        ] {
            assert_eq!(meaning(&table, "a", path), expected, "{path}");
        }
    }

    #[test]
    fn a_host_with_an_unreadable_route_is_denied_as_a_whole() {
        for prefix in ["/crm/", "crm", "", "/a/../b", "/%63rm", "/a//b", "/a?b", "/a;b"] {
            let table = table(&[("a", "/", "root"), ("a", prefix, "crm"), ("b", "/", "b")]);
            assert_eq!(meaning(&table, "a", "/"), "?", "{prefix:?}");
            assert_eq!(meaning(&table, "b", "/"), "b", "{prefix:?}");
        }
        let table = table(&[("A", "/", "root")]);
        assert_eq!(meaning(&table, "a", "/"), "?");
    }

    #[test]
    fn routes_are_brought_into_their_form_before_they_are_stored() {
        let route = |host, prefix| canonical_route(host, prefix);
        assert_eq!(
            route("A.Example.:8080", "/%63rm/"),
            Ok(("a.example".to_owned(), "/crm".to_owned()))
        );
        assert_eq!(route("a", "/"), Ok(("a".to_owned(), "/".to_owned())));
        assert_eq!(route("a b", "/"), Err(RouteTextError::Host(HostError)));
        assert_eq!(route("a", "crm"), Err(RouteTextError::Path(PathError)));
        for prefix in ["//", "/a//", "/a/..", "/a;b", "/a%2f", "/a?"] {
            assert_eq!(
                route("a", prefix),
                Err(RouteTextError::PrefixAmbiguous),
                "{prefix}"
            );
        }
        assert_eq!(
            route("a", &format!("/{}", "x".repeat(512))),
            Err(RouteTextError::PrefixTooLong)
        );
    }

    fn path_of_pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "crm", "crm", "admin", "x", "y", "/", "/", "/", "/", "/", "..", ".", "%2e", "%2f", "%5c", "\\",
            ";", "%25", "%252f", "%3b",
        ]);
        prop::collection::vec(piece, 0..10).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    /// Some ways in which programs behind a gateway read a path.
    fn readings_of(path: &str) -> Vec<String> {
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        let once = decode(path);
        let twice = decode(&once);
        let resolve = |text: &str, cut: bool, join: bool, backslash: bool| {
            let text = if backslash {
                text.replace('\\', "/")
            } else {
                text.to_owned()
            };
            let mut resolved: Vec<&str> = Vec::new();
            for segment in text.split('/').skip(1) {
                let segment = if cut {
                    segment.split(';').next().unwrap()
                } else {
                    segment
                };
                match segment {
                    "" if join => {}
                    "." => {}
                    ".." => drop(resolved.pop()),
                    segment => resolved.push(segment),
                }
            }
            format!("/{}", resolved.join("/"))
        };
        let mut readings = Vec::new();
        for text in [path.to_owned(), once, twice] {
            for bits in 0..8 {
                readings.push(resolve(&text, bits & 1 > 0, bits & 2 > 0, bits & 4 > 0));
            }
        }
        readings
    }

    /// Plain matching without any care, as a program behind the gateway does it.
    fn careless(reading: &str) -> &'static str {
        let under = |prefix: &str| {
            reading
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if under("/crm/admin") {
            "admin"
        } else if under("/crm") {
            "crm"
        } else {
            "root"
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn an_admitted_path_means_the_same_app_to_everybody(path in path_of_pieces()) {
            let table = table(&[("a", "/", "root"), ("a", "/crm", "crm"), ("a", "/crm/admin", "admin")]);
            let meant = meaning(&table, "a", &path);
            if meant == "?" { return Ok(()) }
            for reading in readings_of(&path) {
                prop_assert_eq!(careless(&reading), meant.as_str(), "{} read as {}", path, reading);
            }
        }
    }
}
