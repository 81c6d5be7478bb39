//! What belongs to a ledger: the sections, in an order in which nothing comes before what it refers to.

use super::value::Kind;

/// Names a section.
pub type SectionName = &'static str;

/// A column of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name, in the engines' tables too.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may hold nothing.
    pub optional: bool,
}

/// A kind of thing that a ledger keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Its name; also that of the engines' table, where one table holds it.
    pub name: SectionName,
    /// The columns.
    pub columns: &'static [Column],
    /// How many of the first columns tell its rows apart.
    pub key: usize,
    /// Rows of one page, so that a page is some megabytes at most.
    pub rows_per_page: usize,
}

impl Section {
    /// The section of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        SECTIONS.iter().find(|section| section.name == name)
    }

    /// The columns that tell rows apart.
    pub fn key_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().take(self.key)
    }

    /// Where a column stands in a row.
    #[must_use]
    pub fn place_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// Rows of a page where a row is some hundred bytes.
const ROWS_PER_PAGE: usize = 8_192;
/// Rows of a page where a row may be some kilobytes.
const LONG_ROWS_PER_PAGE: usize = 1_024;

const fn integer(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Integer,
        optional: false,
    }
}

const fn boolean(name: &'static str) -> Column {
    Column {
        kind: Kind::Boolean,
        ..integer(name)
    }
}

const fn text(name: &'static str) -> Column {
    Column {
        kind: Kind::Text,
        ..integer(name)
    }
}

const fn bytes(name: &'static str) -> Column {
    Column {
        kind: Kind::Bytes,
        ..integer(name)
    }
}

const fn maybe(column: Column) -> Column {
    Column {
        optional: true,
        ..column
    }
}

const fn section(name: SectionName, key: usize, columns: &'static [Column]) -> Section {
    Section {
        name,
        columns,
        key,
        rows_per_page: ROWS_PER_PAGE,
    }
}

const fn long(section: Section) -> Section {
    Section {
        rows_per_page: LONG_ROWS_PER_PAGE,
        ..section
    }
}

/// Everything that a ledger is. `seat_type`: 0 platform seat, 1 app seat; `namespace` of a platform seat is empty; a
/// `tenant_id` of 0 stands for no tenant.
pub static SECTIONS: &[Section] = &[
    section(
        "tenants",
        1,
        &[
            integer("tenant_id"),
            text("tenant_key"),
            text("name"),
            boolean("enabled"),
            text("time_zone"),
            maybe(integer("history_days")),
        ],
    ),
    section(
        "clients",
        1,
        &[
            text("client_id"),
            integer("tenant_id"),
            text("name"),
            text("kind"),
            text("scopes"),
            boolean("enabled"),
            text("redirect_uris"),
            boolean("refresh_allowed"),
            maybe(text("ticket_url")),
        ],
    ),
    section(
        "client_secrets",
        2,
        &[
            text("client_id"),
            bytes("secret_hash"),
            integer("created_at_ms"),
            maybe(integer("expires_at_ms")),
        ],
    ),
    section(
        "users",
        2,
        &[
            integer("tenant_id"),
            integer("user_id"),
            text("name"),
            maybe(text("external_id")),
            boolean("enabled"),
            boolean("system_administrator"),
        ],
    ),
    section(
        "apps",
        2,
        &[
            integer("tenant_id"),
            text("namespace"),
            text("name"),
            boolean("enabled"),
            text("names"),
        ],
    ),
    section(
        "app_routes",
        2,
        &[
            text("host"),
            text("path_prefix"),
            integer("tenant_id"),
            text("namespace"),
        ],
    ),
    section("installs", 2, &[integer("tenant_id"), text("client_id")]),
    section(
        "groups",
        2,
        &[integer("tenant_id"), text("group_key"), text("name")],
    ),
    section(
        "group_members",
        3,
        &[integer("tenant_id"), text("group_key"), integer("user_id")],
    ),
    section(
        "standing_assignments",
        4,
        &[
            integer("tenant_id"),
            text("group_key"),
            integer("seat_type"),
            text("namespace"),
        ],
    ),
    section(
        "pools",
        3,
        &[
            integer("tenant_id"),
            integer("seat_type"),
            text("namespace"),
            maybe(integer("bought")),
            integer("held"),
            maybe(integer("valid_from_ms")),
            maybe(integer("valid_until_ms")),
            boolean("overdraft_allowed"),
            maybe(integer("price_minor_units")),
            maybe(text("price_currency")),
            maybe(text("price_period")),
        ],
    ),
    // Before the seats, because since when a seat is idle follows from it.
    section(
        "activity",
        4,
        &[
            integer("tenant_id"),
            integer("seat_type"),
            integer("user_id"),
            text("namespace"),
            integer("active_time_ms"),
        ],
    ),
    section(
        "seats",
        4,
        &[
            integer("tenant_id"),
            integer("seat_type"),
            integer("user_id"),
            text("namespace"),
            boolean("held"),
            integer("assigned_at_ms"),
            maybe(integer("released_at_ms")),
            maybe(integer("expires_at_ms")),
            maybe(text("protected_reason")),
            boolean("given_directly"),
            maybe(integer("kept_until_ms")),
            maybe(text("kept_protected_reason")),
        ],
    ),
    section(
        "waiting_places",
        4,
        &[
            integer("tenant_id"),
            integer("seat_type"),
            text("namespace"),
            integer("user_id"),
            integer("ticket"),
            integer("waiting_since_ms"),
            maybe(integer("expires_at_ms")),
            boolean("requested_directly"),
        ],
    ),
    // The last ticket that was given, to whomever; no row before the first. The next is larger.
    section("waiting_tickets", 1, &[integer("last_given")]),
    section(
        "leaves",
        3,
        &[
            integer("tenant_id"),
            integer("user_id"),
            integer("from_ms"),
            integer("until_ms"),
        ],
    ),
    section(
        "active_days",
        5,
        &[
            integer("tenant_id"),
            integer("seat_type"),
            text("namespace"),
            integer("day"),
            integer("user_id"),
        ],
    ),
    section(
        "credentials",
        2,
        &[
            integer("tenant_id"),
            integer("user_id"),
            maybe(text("password_hash")),
            maybe(bytes("totp_sealed")),
            integer("totp_step"),
        ],
    ),
    section(
        "sessions",
        2,
        &[
            integer("tenant_id"),
            bytes("session_hash"),
            integer("user_id"),
            integer("created_at_ms"),
            integer("expires_at_ms"),
        ],
    ),
    section(
        "links",
        2,
        &[
            integer("tenant_id"),
            bytes("link_hash"),
            text("purpose"),
            integer("user_id"),
            integer("expires_at_ms"),
        ],
    ),
    section(
        "grants",
        3,
        &[
            integer("tenant_id"),
            integer("user_id"),
            text("client_id"),
            text("scopes"),
            integer("granted_at_ms"),
        ],
    ),
    section(
        "authorization_codes",
        2,
        &[
            integer("tenant_id"),
            bytes("code_hash"),
            bytes("family_id"),
            text("client_id"),
            integer("user_id"),
            text("redirect_uri"),
            text("scopes"),
            maybe(text("challenge")),
            maybe(text("challenge_method")),
            integer("expires_at_ms"),
            boolean("spent"),
        ],
    ),
    section(
        "tokens",
        2,
        &[
            integer("tenant_id"),
            bytes("token_hash"),
            text("kind"),
            maybe(text("client_id")),
            maybe(integer("user_id")),
            text("scopes"),
            integer("issued_at_ms"),
            integer("expires_at_ms"),
            boolean("revoked"),
            maybe(bytes("family_id")),
        ],
    ),
    section(
        "refresh_tokens",
        2,
        &[
            integer("tenant_id"),
            bytes("token_hash"),
            bytes("family_id"),
            text("client_id"),
            integer("user_id"),
            text("scopes"),
            integer("expires_at_ms"),
            maybe(integer("spent_at_ms")),
            maybe(bytes("spent_key_hash")),
            boolean("revoked"),
        ],
    ),
    long(section(
        "kept_answers",
        2,
        &[
            integer("tenant_id"),
            bytes("key_hash"),
            bytes("request_hash"),
            text("answer"),
            text("results"),
            integer("expires_at_ms"),
        ],
    )),
    section(
        "identity_providers",
        1,
        &[
            integer("tenant_id"),
            text("name"),
            maybe(text("name_chinese")),
            text("issuer"),
            text("client_id"),
            bytes("client_secret_sealed"),
            boolean("enabled"),
        ],
    ),
    section(
        "identity_links",
        3,
        &[
            integer("tenant_id"),
            text("issuer"),
            text("subject"),
            integer("user_id"),
            integer("linked_at_ms"),
        ],
    ),
    long(section(
        "audit_records",
        2,
        &[
            integer("tenant_id"),
            integer("sequence"),
            integer("at_ms"),
            text("actor_kind"),
            maybe(text("actor_name")),
            maybe(text("client_id")),
            maybe(text("address")),
            maybe(text("reason")),
            text("action"),
            text("object_kind"),
            text("object_name"),
            maybe(text("before")),
            maybe(text("after")),
            bytes("hash"),
        ],
    )),
    section(
        "audit_heads",
        1,
        &[integer("tenant_id"), integer("sequence"), bytes("hash")],
    ),
];
