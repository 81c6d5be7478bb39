//! Every join is led by the tenant: what lies together on one node is joined there, and nobody meets the rows of others.
//!
//! Each statement that any test lets the engine prepare is read here (`statements`). In a join, and in a query within another,
//! every table that is cut by tenant must be tied to one: by `tenant_id = …`, to a value or to the tenant of a neighbour.

use std::{collections::HashSet, ops::ControlFlow};

use sqlparser::{
    ast::{
        BinaryOperator, Delete, Expr, FromTable, JoinConstraint, JoinOperator, Query, Select, SelectItem,
        SetExpr, Statement, TableFactor, TableWithJoins, Update, UpdateTableFromKind, Visit, Visitor,
    },
    dialect::PostgreSqlDialect,
    parser::Parser,
};
use usher_postgres::{PLACEMENTS, Placement};

/// The column that leads.
const TENANT: &str = "tenant_id";

/// What is wrong with a statement; nothing when every join of it is led by the tenant.
pub(crate) fn complaints(text: &str) -> Vec<String> {
    let statements = match Parser::parse_sql(&PostgreSqlDialect {}, text) {
        Ok(statements) => statements,
        Err(error) => return vec![format!("cannot be read: {error}: {text}")],
    };
    let mut reader = Reader::default();
    let _ = statements.visit(&mut reader);
    reader.complaints
}

/// Walks through a statement from the outside in.
#[derive(Default)]
struct Reader {
    complaints: Vec<String>,
    /// Names that are no tables, because the statement itself makes them.
    made: HashSet<String>,
    /// Queries that ask for another row each time, and so are joins in disguise.
    within: HashSet<String>,
    /// Queries whose rows are compared with rows that have the tenant in them.
    compared: HashSet<String>,
}

/// Tables side by side, and what is said of them.
#[derive(Default)]
struct Side<'a> {
    /// How each is called here, and whether it is cut by tenant.
    tables: Vec<(String, bool)>,
    conditions: Vec<&'a Expr>,
    /// Tied to their neighbours by `USING`.
    used: bool,
}

impl Visitor for Reader {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.made
            .extend(tables.map(|table| table.alias.name.value.clone()));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Derived {
            lateral: true,
            subquery,
            ..
        } = factor
        {
            self.within.insert(subquery.body.to_string());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Exists { subquery, .. } | Expr::Subquery(subquery) => {
                self.within.insert(subquery.body.to_string());
            }
            Expr::InSubquery { expr, subquery, .. } => {
                let query = subquery.body.to_string();
                if tenant_is_compared(expr, subquery) {
                    self.compared.insert(query);
                } else {
                    self.within.insert(query);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let text = select.to_string();
        let mut side = Side::default();
        self.gather(&mut side, &select.from);
        side.conditions.extend(&select.selection);
        // Without a condition it is a figure of a whole table, and the same for every row outside.
        let asks_for_each = select.selection.is_some() && self.within.contains(&text);
        let is_join = side.tables.len() > 1 || asks_for_each;
        if is_join && !self.compared.contains(&text) {
            self.judge(&side, &text);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        let mut side = Side::default();
        match statement {
            Statement::Update(Update {
                table,
                from,
                selection,
                ..
            }) => {
                self.gather(&mut side, std::slice::from_ref(table));
                if let Some(UpdateTableFromKind::AfterSet(tables) | UpdateTableFromKind::BeforeSet(tables)) =
                    from
                {
                    self.gather(&mut side, tables);
                }
                side.conditions.extend(selection);
            }
            Statement::Delete(Delete {
                from,
                using,
                selection,
                ..
            }) => {
                let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = from;
                self.gather(&mut side, tables);
                self.gather(&mut side, using.as_deref().unwrap_or_default());
                side.conditions.extend(selection);
            }
            _ => return ControlFlow::Continue(()),
        }
        if side.tables.len() > 1 {
            self.judge(&side, &statement.to_string());
        }
        ControlFlow::Continue(())
    }
}

impl Reader {
    fn gather<'a>(&self, side: &mut Side<'a>, tables: &'a [TableWithJoins]) {
        for table in tables {
            self.add(side, &table.relation);
            for join in &table.joins {
                self.add(side, &join.relation);
                match constraint(&join.join_operator) {
                    Some(JoinConstraint::On(condition)) => side.conditions.push(condition),
                    Some(JoinConstraint::Using(columns)) => {
                        side.used |= columns.iter().any(|column| column.to_string() == TENANT);
                    }
                    _ => {}
                }
            }
        }
    }

    fn add(&self, side: &mut Side<'_>, factor: &TableFactor) {
        let (name, alias, called) = match factor {
            TableFactor::Table {
                name, alias, args, ..
            } => (name.to_string(), alias, args.is_some()),
            TableFactor::NestedJoin { table_with_joins, .. } => {
                panic!("joins in brackets are not written here: {table_with_joins}")
            }
            _ => (String::new(), &None, true),
        };
        let is_cut = !called && !self.made.contains(&name) && is_cut_by_tenant(&name);
        let known_as = alias.as_ref().map_or(name, |alias| alias.name.value.clone());
        side.tables.push((known_as, is_cut));
    }

    fn judge(&mut self, side: &Side<'_>, text: &str) {
        let mut tied = HashSet::new();
        for condition in &side.conditions {
            tie(condition, &mut tied);
        }
        let lone = side.tables.iter().filter(|(_, is_cut)| *is_cut).count() == 1;
        for (name, is_cut) in &side.tables {
            let is_tied = tied.contains(name) || side.used || (lone && tied.contains(""));
            if *is_cut && !is_tied {
                self.complaints
                    .push(format!("{name} is not tied to a tenant: {text}"));
            }
        }
    }
}

fn is_cut_by_tenant(table: &str) -> bool {
    PLACEMENTS
        .iter()
        .any(|(name, placement)| *name == table && *placement == Placement::Distributed)
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    use JoinOperator as J;
    match operator {
        J::Join(constraint)
        | J::Inner(constraint)
        | J::Left(constraint)
        | J::LeftOuter(constraint)
        | J::Right(constraint)
        | J::RightOuter(constraint)
        | J::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}

/// Notes whose tenant must be equal to something when the condition holds; an empty name for a column without one.
fn tie(condition: &Expr, tied: &mut HashSet<String>) {
    match condition {
        Expr::Nested(inner) => tie(inner, tied),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            tie(left, tied);
            tie(right, tied);
        }
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } => match (&**left, &**right) {
            (Expr::Tuple(left), Expr::Tuple(right)) => {
                let sides = left.iter().zip(right);
                tied.extend(sides.flat_map(|(one, other)| tenants_of(one, other)));
            }
            (one, other) => tied.extend(tenants_of(one, other)),
        },
        Expr::AnyOp {
            left,
            compare_op: BinaryOperator::Eq,
            ..
        } => tied.extend(owner(left)),
        _ => {}
    }
}

/// Whose tenants an equation ties, if it is one of tenants or of a tenant and a value.
fn tenants_of(one: &Expr, other: &Expr) -> Vec<String> {
    let of_columns = [owner(one), owner(other)];
    let is_value = |side: &Expr| !matches!(side, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    match of_columns {
        [Some(one), Some(other)] if one == other => Vec::new(),
        [Some(one), Some(other)] => vec![one, other],
        [Some(one), None] if is_value(other) => vec![one],
        [None, Some(other)] if is_value(one) => vec![other],
        _ => Vec::new(),
    }
}

/// Whose column it is, if it is that of the tenant.
fn owner(column: &Expr) -> Option<String> {
    match column {
        Expr::Identifier(name) if name.value == TENANT => Some(String::new()),
        Expr::CompoundIdentifier(names) => match names.as_slice() {
            [table, name] if name.value == TENANT => Some(table.value.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// True for `(tenant_id, …) IN (SELECT tenant_id, …)`.
fn tenant_is_compared(compared: &Expr, query: &Query) -> bool {
    let (Expr::Tuple(columns), SetExpr::Select(select)) = (compared, &*query.body) else {
        return false;
    };
    columns.iter().zip(&select.projection).any(|(column, found)| {
        matches!(found, SelectItem::UnnamedExpr(found) if owner(found).is_some()) && owner(column).is_some()
    })
}

#[test]
fn a_statement_that_is_not_led_by_the_tenant_is_found() {
    let planted = [
        "SELECT 1 FROM seats JOIN users ON users.user_id = seats.user_id WHERE seats.tenant_id = $1",
        "SELECT 1 FROM seats, users WHERE users.tenant_id = $1 AND users.user_id = seats.user_id",
        "SELECT 1 FROM seats JOIN users ON users.tenant_id = seats.tenant_id OR users.user_id = 7",
        "SELECT 1 FROM seats JOIN users ON users.tenant_id = users.tenant_id AND seats.tenant_id = $1",
        "SELECT (SELECT max(day) FROM active_days WHERE active_days.user_id = seats.user_id) FROM seats WHERE tenant_id = $1",
        "SELECT 1 FROM seats WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM leaves WHERE leaves.user_id = seats.user_id)",
        "SELECT 1 FROM seats WHERE tenant_id = $1 AND user_id IN (SELECT user_id FROM group_members WHERE group_key = $2)",
        "DELETE FROM tokens WHERE token_hash IN (SELECT token_hash FROM tokens WHERE expires_at_ms < $1)",
        "UPDATE activity SET active_time_ms = 1 FROM users WHERE users.tenant_id = $1 AND users.user_id = activity.user_id",
        "WITH asked AS (SELECT 1 AS user_id) INSERT INTO leaves SELECT 1 FROM asked JOIN seats USING (user_id)",
        "DELETE FROM seats USING users WHERE users.user_id = seats.user_id AND seats.tenant_id = $1",
    ];
    for statement in planted {
        assert!(!complaints(statement).is_empty(), "{statement}");
    }
}

#[test]
fn a_statement_that_is_led_by_the_tenant_is_let_through() {
    let led = [
        "SELECT 1 FROM seats JOIN users ON users.tenant_id = seats.tenant_id AND users.user_id = seats.user_id",
        "SELECT 1 FROM seats JOIN users USING (tenant_id, user_id)",
        "SELECT 1 FROM tokens JOIN clients ON clients.client_id = tokens.client_id WHERE tokens.tenant_id = $1",
        "SELECT 1 FROM tokens WHERE token_hash = $1",
        "SELECT 1 FROM seats WHERE tenant_id = $1 AND user_id IN (SELECT user_id FROM group_members WHERE tenant_id = $1)",
        "DELETE FROM tokens WHERE (tenant_id, token_hash) IN (SELECT tenant_id, token_hash FROM tokens LIMIT $1)",
        "SELECT 1 FROM unnest($1::int8[]) AS asked (tenant_id) LEFT JOIN seats ON seats.tenant_id = asked.tenant_id",
    ];
    for statement in led {
        assert_eq!(complaints(statement), Vec::<String>::new());
    }
}
