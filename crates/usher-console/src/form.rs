//! Forms and filters.

use crate::block::Link;

/// One of several things to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub text: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            text: text.into(),
        }
    }
}

/// What is typed or chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text.
    Text,
    /// Something to look for.
    Search,
    /// A whole number.
    Number,
    /// A day.
    Date,
    /// Several lines, so many at first.
    Area(u16),
    /// A file, of the kinds named as `accept` has them.
    File(&'static str),
    /// One of these.
    Select(Vec<Choice>),
    /// Yes or no.
    Check(bool),
    /// Several of the kind before, which belong together.
    Boxes(Vec<Field>),
}

/// Something to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Under which name it is sent.
    pub name: &'static str,
    /// What is asked.
    pub label: String,
    /// What helps to answer.
    pub hint: Option<String>,
    /// What it holds already.
    pub value: String,
    /// True when it must not be empty.
    pub required: bool,
    /// How it is filled in.
    pub kind: FieldKind,
}

impl Field {
    /// A field that may stay empty.
    pub fn new(name: &'static str, label: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name,
            label: label.into(),
            hint: None,
            value: String::new(),
            required: false,
            kind,
        }
    }

    /// The same with something in it.
    #[must_use]
    pub fn with(self, value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            ..self
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same as one that must be filled in.
    #[must_use]
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// The type of the element.
    pub(crate) fn input_type(&self) -> &'static str {
        match self.kind {
            FieldKind::Number => "number",
            FieldKind::Date => "date",
            FieldKind::Search => "search",
            FieldKind::File(_) => "file",
            _ => "text",
        }
    }

    /// Which kinds of files; empty for what is no file.
    pub(crate) fn accept(&self) -> &'static str {
        match self.kind {
            FieldKind::File(accept) => accept,
            _ => "",
        }
    }
}

/// A form that changes something, or asks what a change would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Tells its fields from those of other forms on the page.
    pub id: &'static str,
    /// Where it is sent.
    pub action: String,
    /// What it is for; empty where the heading above says so.
    pub title: String,
    /// What happens.
    pub lead: String,
    /// What is sent along unseen, the proof that the form is ours among it.
    pub hidden: Vec<(String, String)>,
    /// What is filled in.
    pub fields: Vec<Field>,
    /// What the button says.
    pub button: String,
    /// True when the button does what cannot be taken back.
    pub grave: bool,
    /// The way out, beside the button.
    pub cancel: Option<Link>,
    /// True when it stands beside others.
    pub narrow: bool,
}

impl Form {
    /// A form with a token and a button.
    pub fn new(
        id: &'static str,
        action: impl Into<String>,
        token: impl Into<String>,
        button: impl Into<String>,
    ) -> Self {
        Self {
            id,
            action: action.into(),
            title: String::new(),
            lead: String::new(),
            hidden: vec![("form_token".to_owned(), token.into())],
            fields: Vec::new(),
            button: button.into(),
            grave: false,
            cancel: None,
            narrow: false,
        }
    }

    /// The same with something sent along unseen.
    #[must_use]
    pub fn hidden(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hidden.push((name.into(), value.into()));
        self
    }

    /// The same with a title.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..self
        }
    }

    /// The same with a sentence above its fields.
    #[must_use]
    pub fn lead(self, lead: impl Into<String>) -> Self {
        Self {
            lead: lead.into(),
            ..self
        }
    }

    /// The same with something to fill in.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// How it is encoded: a file needs another way.
    pub(crate) fn has_file(&self) -> bool {
        self.fields
            .iter()
            .any(|field| matches!(field.kind, FieldKind::File(_)))
    }
}

/// What narrows a list; it becomes part of the address, so that a view can be kept and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filters {
    /// Tells its fields from those of other forms on the page.
    pub id: &'static str,
    /// The address of the list.
    pub action: String,
    /// What is filled in.
    pub fields: Vec<Field>,
    /// The list without filters, where some are set.
    pub reset: Option<Link>,
    /// What the button says.
    pub button: String,
}
