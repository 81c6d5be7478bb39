//! How many files this process may have open.
//!
//! Each connection is a file. The system gives a process a soft limit, usually 1,024 for the sake of old programs, and a
//! much higher hard one up to which it may help itself; a server does so first thing.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one and gives what holds afterwards. A system that refuses leaves the old limit,
/// which is enough to serve with fewer connections.
pub(crate) fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, open_files_max = ?limit.current, "the limit of open files cannot be raised");
    }
    // None is no limit at all.
    getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_as_high_as_it_may_be() {
        let files = raise_limit();
        let hard = getrlimit(Resource::Nofile).maximum;
        assert_eq!(Some(files as u64), hard.or(Some(u64::MAX)));
    }
}
