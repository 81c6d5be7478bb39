//! Addresses of the console's own pages.

/// A path with a query; what is empty is left out, so that an address says only what was chosen.
pub(super) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// A path under another, with the name at its end made safe.
pub(super) fn under(path: &str, name: &str) -> String {
    let safe: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    // In a path a plus is a plus.
    format!("{path}/{}", safe.replace('+', "%20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_the_rest_is_made_safe() {
        assert_eq!(
            address("/console/seats", &[("a", ""), ("b", "")]),
            "/console/seats"
        );
        assert_eq!(
            address("/console/seats", &[("a", "1&2"), ("b", ""), ("c", "席 x")]),
            "/console/seats?a=1%262&c=%E5%B8%AD+x"
        );
        assert_eq!(
            under("/console/seats", "per_user:7"),
            "/console/seats/per_user%3A7"
        );
        assert_eq!(
            under("/console/groups", "a/../b c"),
            "/console/groups/a%2F..%2Fb%20c"
        );
    }
}
