//! The columns of a table of predictions: their names, which must be there, and where each stands.
//!
//! In: the names that a table's first line or foot gives. Out: [`Columns`]. A name that is close to a known one is an
//! error; any other column is let be and named.

use std::collections::BTreeSet;

use howfar_face::{Fault, RowPlaces, RowTable, closest_name};

/// A column that tables may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Model,
    Source,
    Arm,
    K,
    Weight,
    PeoplePercent,
    Budget,
    LeftOut,
    Split,
    Seed,
    Part,
    Set,
    Face,
    Person,
    PersonKnown,
    Group,
    Provenance,
    True,
    Predicted,
    Howfar,
}

impl Column {
    /// All but those of probabilities, in the order in which they are written.
    pub(crate) const ALL: [Self; 20] = [
        Self::Model,
        Self::Source,
        Self::Arm,
        Self::K,
        Self::Weight,
        Self::PeoplePercent,
        Self::Budget,
        Self::LeftOut,
        Self::Split,
        Self::Seed,
        Self::Part,
        Self::Set,
        Self::Face,
        Self::Person,
        Self::PersonKnown,
        Self::Group,
        Self::Provenance,
        Self::True,
        Self::Predicted,
        Self::Howfar,
    ];

    /// What says which cell a row is of.
    pub(crate) const OF_CELL: [Self; 10] = [
        Self::Model,
        Self::Source,
        Self::Arm,
        Self::K,
        Self::Weight,
        Self::PeoplePercent,
        Self::Budget,
        Self::LeftOut,
        Self::Split,
        Self::Seed,
    ];

    const REQUIRED: [Self; 9] =
        [Self::Arm, Self::K, Self::Seed, Self::Split, Self::Part, Self::Set, Self::Face, Self::Person, Self::True];

    /// Its name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Source => "source",
            Self::Arm => "arm",
            Self::K => "k",
            Self::Weight => "weight",
            Self::PeoplePercent => "people_percent",
            Self::Budget => "budget",
            Self::LeftOut => "left_out",
            Self::Split => "split",
            Self::Seed => "seed",
            Self::Part => "part",
            Self::Set => "set",
            Self::Face => "face",
            Self::Person => "person",
            Self::PersonKnown => "person_known",
            Self::Group => "group",
            Self::Provenance => "provenance",
            Self::True => "true",
            Self::Predicted => "predicted",
            Self::Howfar => "howfar",
        }
    }
}

/// What the names of columns of probabilities begin with.
pub(crate) const PROBABILITY: &str = "p_";
/// Classes that a table may have.
pub(crate) const MOST_CLASSES: usize = 1000;

/// Where the columns of a table stand.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// The wanted columns of the file: the known ones that are there, then those of probabilities.
    pub(crate) wanted: Vec<usize>,
    /// For each of [`Column::ALL`] its place among the wanted ones.
    places: Vec<Option<usize>>,
    /// The classes that the columns of probabilities name, in their order.
    pub(crate) classes: Vec<String>,
    /// Columns that nobody asks for.
    pub(crate) unread: Vec<String>,
}

impl Columns {
    /// Finds the columns of a table.
    pub(crate) fn of(table: &RowTable) -> Result<Self, Fault> {
        let (names, places) = (table.columns(), table.places());
        let known = |name: &str| Column::ALL.iter().position(|column| name.eq_ignore_ascii_case(column.name()));
        let mut columns = Columns {
            wanted: Vec::new(),
            places: vec![None; Column::ALL.len()],
            classes: Vec::new(),
            unread: Vec::new(),
        };
        for (at, name) in names.iter().enumerate() {
            if let Some(column) = known(name) {
                if columns.places[column].replace(columns.wanted.len()).is_some() {
                    return Err(twice(places, name));
                }
                columns.wanted.push(at);
            }
        }
        let is_absent = |column: &&Column| columns.at(**column).is_none();
        let absent: Vec<&str> = Column::ALL.iter().filter(is_absent).map(|column| column.name()).collect();
        let probabilities = names.iter().enumerate().filter_map(|(at, name)| Some((at, class_of(name)?)));
        for (at, class) in probabilities.collect::<Vec<_>>() {
            columns.classes.push(class.to_owned());
            columns.wanted.push(at);
        }
        for name in names.iter().filter(|name| known(name).is_none() && class_of(name).is_none()) {
            // The shortest names are close to anything.
            let meant = Some(name.to_lowercase()).filter(|name| name.len() > 2);
            if let Some(meant) = meant.as_deref().and_then(|name| closest_name(name, absent.iter().copied())) {
                return Err(Fault::data(places.path().display(), format!("unknown column `{name}`"))
                    .found(names.join(", "))
                    .expected(all_columns())
                    .hint(format!("did you mean `{meant}`? Columns that are far from every name are let be")));
            }
            columns.unread.push(name.clone());
        }
        columns.check(names, places)?;
        Ok(columns)
    }

    fn check(&self, names: &[String], places: &RowPlaces) -> Result<(), Fault> {
        let fault = |what: String| Fault::data(places.path().display(), what).found(names.join(", "));
        if let Some(missing) = Column::REQUIRED.iter().find(|column| self.at(**column).is_none()) {
            return Err(fault(format!("the column `{}` is missing", missing.name()))
                .expected(all_columns())
                .hint("docs/formats.md describes the table"));
        }
        if self.classes.is_empty() && self.at(Column::Predicted).is_none() {
            return Err(fault("the table does not say what was predicted".to_owned())
                .expected("the column `predicted` with a class, or `p_CLASS` for each class with its probability"));
        }
        if self.classes.len() == 1 || self.classes.len() > MOST_CLASSES {
            return Err(fault(format!("the table has probabilities of {} classes", self.classes.len()))
                .expected(format!("2 to {MOST_CLASSES} columns `p_CLASS`")));
        }
        let mut distinct = BTreeSet::new();
        match self.classes.iter().find(|class| !distinct.insert(class.as_str())) {
            Some(class) => Err(twice(places, &format!("{PROBABILITY}{class}"))),
            None => Ok(()),
        }
    }

    /// Where a column stands among the wanted ones.
    pub(crate) fn at(&self, column: Column) -> Option<usize> {
        Column::ALL.iter().position(|other| *other == column).and_then(|at| self.places[at])
    }

    /// Where the first column of probabilities stands among the wanted ones; the others follow.
    pub(crate) fn first_probability(&self) -> usize {
        self.wanted.len() - self.classes.len()
    }
}

/// `Joy` of `p_Joy`.
fn class_of(name: &str) -> Option<&str> {
    let (head, class) = name.split_at_checked(PROBABILITY.len())?;
    (head.eq_ignore_ascii_case(PROBABILITY) && !class.trim().is_empty()).then(|| class.trim())
}

fn twice(places: &RowPlaces, name: &str) -> Fault {
    Fault::data(places.path().display(), format!("the column `{name}` stands twice")).hint("leave one of the two out")
}

fn all_columns() -> String {
    let names: Vec<&str> = Column::REQUIRED.iter().map(|column| column.name()).collect();
    let optional = Column::ALL.iter().filter(|column| !Column::REQUIRED.contains(column));
    let optional: Vec<&str> = optional.map(|column| column.name()).filter(|name| *name != "predicted").collect();
    format!("{}, and predicted or p_CLASS for each class; optional {}", names.join(", "), optional.join(", "))
}
