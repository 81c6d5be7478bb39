use super::*;
use crate::{
    block::{Fact, NoticeKind, Step, Tile},
    calendar::Calendar,
    chart::{Chart, ChartKind, Point},
    form::{Choice, Field, Filters, Form},
    table::{Column, Row, Table, Tone},
};

/// Everything that somebody may have stored to do harm, in one text.
const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}txt.exe\u{2066}👩‍👩‍👧 =cmd|' /C calc'!A0";

fn frame(language: Language) -> Frame {
    Frame {
        language,
        section: Section::Seats,
        title: HOSTILE.to_owned(),
        up: Some(Link::new(HOSTILE, "/console/seats")),
        organisation: HOSTILE.to_owned(),
        person: Link::new(HOSTILE, "/account"),
        other_language: Some("/console?language=zh-CN".to_owned()),
        as_of: Some(HOSTILE.to_owned()),
        warning: Some(HOSTILE.to_owned()),
        choose_organisation: None,
        stylesheets: vec!["/assets/usher.css".to_owned()],
    }
}

fn table() -> Table {
    let cells = vec![
        Cell::text(HOSTILE),
        Cell::count(1_234),
        Cell::Several(vec![Cell::quiet(HOSTILE), Cell::code(HOSTILE)]),
        Cell::Link(
            Link::new(HOSTILE, format!("/console/seats?q={HOSTILE}")).titled(Some(HOSTILE.to_owned())),
        ),
        Cell::badge(Tone::Bad, HOSTILE),
    ];
    let mut table = Table::whole(HOSTILE, vec![Column::new(HOSTILE); 5], vec![Row { cells }]);
    table.csv = Some(Link::new(HOSTILE, HOSTILE));
    table.next = Some(Link::new(HOSTILE, HOSTILE));
    table
}

fn form() -> Form {
    let mut field = Field::new("name", HOSTILE, FieldKind::Text)
        .with(HOSTILE)
        .hint(HOSTILE);
    let mut form = Form::new("form", HOSTILE, HOSTILE, HOSTILE)
        .titled(HOSTILE)
        .lead(HOSTILE);
    form.fields.push(field.clone());
    for kind in [
        FieldKind::Area(3),
        FieldKind::Check(true),
        FieldKind::File(".csv"),
        FieldKind::Select(vec![Choice::new(HOSTILE, HOSTILE)]),
        FieldKind::Boxes(vec![Field::new("box", HOSTILE, FieldKind::Check(false))]),
    ] {
        field.kind = kind;
        form.fields.push(field.clone());
    }
    form
}

fn chart(kind: ChartKind) -> Chart {
    Chart {
        title: HOSTILE.to_owned(),
        unit: HOSTILE.to_owned(),
        kind,
        points: vec![Point {
            label: HOSTILE.to_owned(),
            value: 3,
        }],
        as_table: HOSTILE.to_owned(),
        table: table(),
    }
}

fn every_block() -> Vec<Block> {
    let day = usher_seats::Day::new(20_000);
    let form = form();
    vec![
        Block::Text(HOSTILE.to_owned()),
        Block::Heading(HOSTILE.to_owned()),
        Block::Notice {
            kind: NoticeKind::Alert,
            text: HOSTILE.to_owned(),
        },
        Block::Facts(vec![Fact::new(HOSTILE, Cell::text(HOSTILE))]),
        Block::Tiles(vec![Tile {
            name: HOSTILE.to_owned(),
            figure: HOSTILE.to_owned(),
            detail: HOSTILE.to_owned(),
            href: Some(HOSTILE.to_owned()),
            tone: Tone::Attention,
        }]),
        Block::Links(vec![Link::new(HOSTILE, HOSTILE)]),
        Block::Empty {
            title: HOSTILE.to_owned(),
            text: HOSTILE.to_owned(),
            steps: vec![Step {
                link: Link::new(HOSTILE, HOSTILE),
                detail: HOSTILE.to_owned(),
            }],
        },
        Block::Table(table()),
        Block::Filters(Filters {
            id: "filters",
            action: HOSTILE.to_owned(),
            fields: form.fields.clone(),
            reset: Some(Link::new(HOSTILE, HOSTILE)),
            button: HOSTILE.to_owned(),
        }),
        Block::Beside(vec![form.clone()]),
        Block::Form(form),
        Block::Chart(chart(ChartKind::Line)),
        Block::Chart(chart(ChartKind::Bars)),
        Block::Calendar(Calendar {
            title: HOSTILE.to_owned(),
            first: day,
            last: day.plus(40),
            active: vec![day.plus(3)],
            active_word: HOSTILE.to_owned(),
            quiet_word: HOSTILE.to_owned(),
            as_list: HOSTILE.to_owned(),
        }),
        Block::Snippet {
            title: HOSTILE.to_owned(),
            code: HOSTILE.to_owned(),
        },
        Block::Progress {
            text: HOSTILE.to_owned(),
            done: 1,
            total: 2,
        },
        Block::Details {
            summary: HOSTILE.to_owned(),
            blocks: vec![Block::Text(HOSTILE.to_owned())],
        },
    ]
}

/// Values of attributes and texts between tags, as a browser would take them apart; a stray sign breaks this.
fn assert_well_formed(html: &str) {
    let mut rest = html;
    let mut open: Vec<String> = Vec::new();
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains('>'), "a stray >: {before}");
        let (tag, behind) = after.split_once('>').unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "a broken attribute: <{tag}>");
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "closes in the wrong order");
        } else if !tag.ends_with('/') && !["!doctype", "meta", "link", "input", "wbr"].contains(&name) {
            open.push(name.to_owned());
        }
        rest = behind;
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn hostile_text_is_harmless_in_every_block_and_in_both_languages() {
    for language in [Language::English, Language::Chinese] {
        let page = Page {
            frame: frame(language),
            blocks: every_block(),
        };
        let html = page.html().unwrap();
        assert_well_formed(&html);
        let lower = html.to_lowercase();
        for forbidden in ["<script", "<style", " style=", " onclick", "javascript:"] {
            assert!(!lower.contains(forbidden), "{forbidden}");
        }
        assert!(html.contains("&#60;script&#62;"), "it is shown, too");
        assert_eq!(html.matches("<h1>").count(), 1);
    }
}

#[test]
fn the_menu_marks_where_one_is() {
    let html = Page {
        frame: frame(Language::Chinese),
        blocks: Vec::new(),
    }
    .html()
    .unwrap();
    assert!(
        html.contains("<a href=\"/console/seats\" aria-current=\"page\">席位</a>"),
        "{html}"
    );
    assert_eq!(html.matches("aria-current").count(), 1);
}

#[test]
fn every_id_is_there_once() {
    let html = Page {
        frame: frame(Language::English),
        blocks: every_block(),
    }
    .html()
    .unwrap();
    let label = html.matches(" for=\"filters-name\"").count();
    assert_eq!(
        label, 6,
        "each field of the test has the same name, and its label names it"
    );
}

#[test]
fn what_is_to_be_typed_is_shown_as_it_is_typed() {
    assert_eq!(
        parts("Use `usher x` now."),
        [(false, "Use "), (true, "usher x"), (false, " now.")]
    );
    assert_eq!(parts("one ` alone"), [(false, "one ` alone")]);
    let html = blocks_html(&[Block::alert("Line 1 is `<b>`.")], Shell::of(Language::English));
    assert!(
        html.contains("Line 1 is <code class=\"code\">&#60;b&#62;</code>.</p>"),
        "{html}"
    );
}

#[test]
fn boxes_that_belong_together_have_a_heading_of_their_own() {
    let boxes = vec![
        Field::new("read", "Read", FieldKind::Check(true)),
        Field::new("write", "Write", FieldKind::Check(false)),
    ];
    let scopes = Field::new("scopes", "Scopes", FieldKind::Boxes(boxes)).hint("No more than needed");
    let form = Form::new("client", "/console/clients", "token", "Save").field(scopes);
    let html = blocks_html(&[Block::Form(form)], Shell::of(Language::English));
    assert!(
        html.contains(
            "<fieldset class=\"boxes\" aria-describedby=\"client-scopes-hint\">\n<legend>Scopes</legend>"
        ),
        "{html}"
    );
    assert_eq!(html.matches("type=\"checkbox\"").count(), 2);
    assert!(
        html.contains("id=\"client-read\" name=\"read\" value=\"yes\" checked"),
        "{html}"
    );
}

#[test]
fn a_very_long_name_takes_no_more_room_than_a_cell_has() {
    let long = "席".repeat(64 * 1024);
    let table = Table::whole(
        "",
        vec![Column::new("Name")],
        vec![Row {
            cells: vec![Cell::text(long)],
        }],
    );
    let html = Page {
        frame: frame(Language::English),
        blocks: vec![Block::Table(table)],
    }
    .html()
    .unwrap();
    assert!(html.len() < 16 * 1024, "{}", html.len());
}
