//! Reads a table of predictions row by row into [`Rows`].
//!
//! In: rows. Out: each face, person, name and cell once, and what was predicted. A row that is wrong by itself, or that
//! says of a face what an earlier row did not, is an error with its place.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use howfar_face::{Fault, Provenance, RowPlaces, RowTable, SubjectId, closest_name};
use howfar_protocol::check_probabilities;

use super::card::Card;
use super::columns::{Column, Columns, MOST_CLASSES, PROBABILITY};
use super::line::Line;
use super::rows::{CellKey, CellRows, Face, Person, Rows};

/// Cells that a table may have, and how many k, seeds and splits they may be of.
const MOST_CELLS: usize = 100_000;
const MOST_K: usize = 200;
const MOST_RUNS: usize = 10_000;
/// Numbers that are kept of all rows together: 4 GiB.
const MOST_NUMBERS: usize = 1 << 30;
/// The model of a table that names none.
const ONLY_MODEL: &str = "of the table";

/// Texts, each once, in the order of their first rows.
#[derive(Debug, Default)]
struct Texts {
    all: Vec<String>,
    places: HashMap<String, usize>,
}

impl Texts {
    fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.places.insert(text.to_owned(), self.all.len());
        self.all.push(text.to_owned());
        self.all.len() - 1
    }
}

/// Reads a table.
pub(super) fn read(path: &Path) -> Result<Rows, Fault> {
    let table = RowTable::open(path)?;
    let columns = Columns::of(&table)?;
    let places = table.places().clone();
    let mut reader = Reader::new(&columns, &places);
    table.for_each(&columns.wanted, |row| reader.row(Line { row, columns: &columns, places: &places }))?;
    reader.end()
}

/// What is kept while a table is read.
struct Reader<'c> {
    columns: &'c Columns,
    places: &'c RowPlaces,
    classes: Texts,
    sets: Texts,
    models: Texts,
    groups: Texts,
    people: Vec<Person>,
    people_by_name: HashMap<Box<str>, u32>,
    faces: Vec<Face>,
    faces_by_name: Vec<HashMap<Box<str>, u32>>,
    cells: Vec<CellRows>,
    cells_by_key: HashMap<CellKey, usize>,
    cells_by_text: HashMap<String, usize>,
    /// The text of the last row's cell, and its place.
    last: (String, usize),
    text: String,
    n_numbers: usize,
    /// Of the row that is read.
    numbers: Vec<f64>,
    probabilities: Vec<f32>,
}

impl<'c> Reader<'c> {
    fn new(columns: &'c Columns, places: &'c RowPlaces) -> Self {
        let mut classes = Texts::default();
        for class in &columns.classes {
            classes.place(class);
        }
        Reader {
            columns,
            places,
            classes,
            sets: Texts::default(),
            models: Texts::default(),
            groups: Texts::default(),
            people: Vec::new(),
            people_by_name: HashMap::new(),
            faces: Vec::new(),
            faces_by_name: Vec::new(),
            cells: Vec::new(),
            cells_by_key: HashMap::new(),
            cells_by_text: HashMap::new(),
            last: (String::new(), usize::MAX),
            text: String::new(),
            n_numbers: 0,
            numbers: Vec::new(),
            probabilities: Vec::new(),
        }
    }

    /// Takes a row.
    fn row(&mut self, line: Line<'_>) -> Result<(), Fault> {
        let number =
            u32::try_from(line.row.number()).ok().filter(|_| self.n_numbers <= MOST_NUMBERS).ok_or_else(|| {
                Fault::data(line.place(), "the table has more rows than are read")
                    .expected(format!("rows × (classes + 3) up to {MOST_NUMBERS}"))
                    .hint("analyse fewer models or sets at a time")
            })?;
        let cell_idx = self.cell(line)?;
        let part = line.part()?;
        let face = self.face(line)?;
        let predicted = self.predicted(line)?;
        let card = line.get(Column::Howfar);
        let cell = &mut self.cells[cell_idx];
        if !card.is_empty() {
            let card: Card = serde_json::from_str(card).map_err(|e| {
                Fault::data(line.place(), format!("the column `howfar` is none of howfar's: {e}"))
                    .hint("leave the column out: what it says of training is then not known")
            })?;
            cell.card.get_or_insert(card);
        }
        cell.numbers.push(number);
        cell.faces.push(face);
        cell.parts.push(part);
        match predicted {
            Some(class) => cell.predicted.push(class),
            None => cell.probabilities.extend_from_slice(&self.probabilities),
        }
        self.n_numbers += 3 + self.columns.classes.len();
        Ok(())
    }

    /// The cell of a row: mostly that of the row before.
    fn cell(&mut self, line: Line<'_>) -> Result<usize, Fault> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        for column in Column::OF_CELL {
            text.push_str(line.get(column));
            text.push('\u{1f}');
        }
        if self.last.0 != text {
            let known = self.cells_by_text.get(&text).copied();
            let cell_idx = match known {
                Some(cell_idx) => cell_idx,
                None => {
                    let key = self.key(line)?;
                    let new = self.cells.len();
                    let cell_idx = *self.cells_by_key.entry(key.clone()).or_insert(new);
                    if cell_idx == new {
                        self.check_cells(line)?;
                        self.cells.push(CellRows::new(key));
                    }
                    self.cells_by_text.insert(text.clone(), cell_idx);
                    cell_idx
                }
            };
            self.last = (text.clone(), cell_idx);
        }
        self.text = text;
        Ok(self.last.1)
    }

    /// A column of another meaning in the place of a seed makes a cell of every row.
    fn check_cells(&self, line: Line<'_>) -> Result<(), Fault> {
        if self.cells.len() < MOST_CELLS {
            return Ok(());
        }
        Err(Fault::data(line.place(), "the table has more cells than are read")
            .expected(format!("up to {MOST_CELLS}"))
            .hint("a cell is a model, an arm, a k, a split and a seed, and has many rows"))
    }

    /// How many k, seeds and splits there are.
    fn check_grid(&self) -> Result<(), Fault> {
        let n_distinct =
            |of: fn(&CellKey) -> u64| self.cells.iter().map(|cell| of(&cell.key)).collect::<HashSet<_>>().len();
        let counts = [
            ("k", n_distinct(|key| key.treatment.k.value().to_bits()), MOST_K),
            ("seed", n_distinct(|key| u64::from(key.seed_idx)), MOST_RUNS),
            ("split", n_distinct(|key| u64::from(key.split_idx)), MOST_RUNS),
        ];
        match counts.into_iter().find(|(_, n, most)| n > most) {
            None => Ok(()),
            Some((column, n, most)) => Err(Fault::data(
                self.places.path().display(),
                format!("the column `{column}` has {n} different values"),
            )
            .expected(format!("up to {most}"))),
        }
    }

    fn key(&mut self, line: Line<'_>) -> Result<CellKey, Fault> {
        let name = Some(line.get(Column::Model)).filter(|name| !name.is_empty()).unwrap_or(ONLY_MODEL);
        let model = self.models.place(name);
        let (split_idx, seed_idx) = (line.number(Column::Split)?, line.number(Column::Seed)?);
        Ok(CellKey { model, treatment: line.treatment()?, split_idx, seed_idx })
    }

    /// The face of a row; its class, its person and its provenance must be what the rows before said.
    fn face(&mut self, line: Line<'_>) -> Result<u32, Fault> {
        let set = self.sets.place(line.given(Column::Set)?);
        let name = line.given(Column::Face)?;
        let label = self.class(line, Column::True)?;
        let provenance = line.provenance()?;
        self.faces_by_name.resize_with(self.sets.all.len(), HashMap::new);
        let person_name = line.get(Column::Person);
        if let Some(known) = self.faces_by_name[set].get(name) {
            let face = &self.faces[*known as usize];
            let other = |what: &str, before: String, now: String| {
                Err(Fault::data(line.place(), format!("the face {name} of {} has two {what}", self.sets.all[set]))
                    .found(format!("{now} here, {before} in {}", self.places.short(face.first)))
                    .expected("the same in every row of a face, whatever the cell")
                    .hint("faces of one set need names of their own"))
            };
            if face.label != label {
                let name = |label: u16| self.classes.all[usize::from(label)].clone();
                return other("true classes", name(face.label), name(label));
            }
            let person = self.people_by_name.get(person_name).copied();
            let is_nobody = person_name.is_empty() && !self.people[face.person as usize].is_known;
            if person != Some(face.person) && !is_nobody {
                let before = self.people[face.person as usize].subject.person().to_owned();
                return other(
                    "people",
                    before,
                    if person_name.is_empty() { "nobody".to_owned() } else { person_name.to_owned() },
                );
            }
            if face.provenance != provenance {
                let name = |of: Option<Provenance>| of.map_or("nothing", Provenance::name).to_owned();
                return other("provenances", name(face.provenance), name(provenance));
            }
            return Ok(*known);
        }
        let person = self.person(line, set, name)?;
        let group = Some(line.get(Column::Group)).filter(|group| !group.is_empty());
        let group = group.map(|group| self.groups.place(group) as u32);
        let face_idx = self.faces.len() as u32;
        let (set_idx, first) = (set as u32, line.row.number());
        self.faces.push(Face { set: set_idx, name: name.into(), person, label, group, provenance, first });
        self.faces_by_name[set].insert(name.into(), face_idx);
        Ok(face_idx)
    }

    /// Who is on a new face: `database:person`, a name, or nobody known, who is a person of their own.
    fn person(&mut self, line: Line<'_>, set: usize, face: &str) -> Result<u32, Fault> {
        let name = line.get(Column::Person);
        if let Some(known) = self.people_by_name.get(name) {
            return Ok(*known);
        }
        let is_known = line.person_is_known()?;
        let database = self.sets.all[set].replace(':', "-");
        let subject = match name.parse::<SubjectId>() {
            Ok(subject) => subject,
            Err(_) if name.is_empty() => SubjectId::new(&database, &format!("nobody on {face}"))?,
            Err(_) => SubjectId::new(&database, name)?,
        };
        let person = self.people.len() as u32;
        self.people.push(Person { subject, is_known });
        if !name.is_empty() {
            self.people_by_name.insert(name.into(), person);
        }
        Ok(person)
    }

    /// A class, which is one of those with probabilities where there are any.
    fn class(&mut self, line: Line<'_>, column: Column) -> Result<u16, Fault> {
        let name = line.given(column)?;
        let n_known = self.columns.classes.len();
        let class = self.classes.place(name);
        if n_known > 0 && class >= n_known {
            let classes = &self.columns.classes;
            let fault = line.fault(column, "the table has no probability of this class").expected(classes.join(", "));
            return Err(match closest_name(name, classes.iter().map(String::as_str)) {
                Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
                None => fault.hint(format!("add the column `p_{name}`, or leave its faces out")),
            });
        }
        u16::try_from(class).ok().filter(|_| class < MOST_CLASSES).ok_or_else(|| {
            line.fault(column, "the table has more classes than are read").expected(format!("up to {MOST_CLASSES}"))
        })
    }

    /// What was predicted: a class where the table has no probabilities, else none, and they are those of the row.
    fn predicted(&mut self, line: Line<'_>) -> Result<Option<u16>, Fault> {
        let has_class = self.columns.at(Column::Predicted).is_some();
        if self.columns.classes.is_empty() {
            return self.class(line, Column::Predicted).map(Some);
        }
        let best = self.read_probabilities(line)?;
        if has_class && self.class(line, Column::Predicted)? != best {
            let best = &self.columns.classes[usize::from(best)];
            return Err(line
                .fault(Column::Predicted, "the predicted class is not the most probable one")
                .expected(best)
                .hint("leave out one of the two: `predicted`, or the columns of probabilities"));
        }
        Ok(None)
    }

    /// Reads the probabilities of a row; the most probable class, the first of equals.
    fn read_probabilities(&mut self, line: Line<'_>) -> Result<u16, Fault> {
        let first = self.columns.first_probability();
        let texts = (0..self.columns.classes.len()).map(|class| line.row.get(first + class));
        self.numbers.clear();
        self.numbers.extend(texts.clone().map(|text| text.parse::<f64>().unwrap_or(f64::NAN)));
        let column = |class: usize| {
            let text = Some(line.row.get(first + class)).filter(|text| !text.is_empty());
            format!("{PROBABILITY}{} = {}", self.columns.classes[class], text.unwrap_or("nothing"))
        };
        check_probabilities(&self.numbers, line.place(), column)?;
        let mut best = 0;
        for (class, value) in self.numbers.iter().enumerate() {
            if *value > self.numbers[best] {
                best = class;
            }
        }
        self.probabilities.clear();
        self.probabilities.extend(texts.map(|text| text.parse::<f32>().unwrap_or(0.0).max(0.0)));
        self.keep_best(best);
        Ok(best as u16)
    }

    /// Two probabilities may round to the same single number; the larger one stays the larger.
    fn keep_best(&mut self, best: usize) {
        let largest = self.probabilities[best];
        for lower in self.probabilities[..best].iter_mut().filter(|p| **p >= largest) {
            *lower = largest.next_down();
        }
    }

    /// What was read. Classes that only rows name are put in the order of the alphabet.
    fn end(mut self) -> Result<Rows, Fault> {
        let place = self.places.path().display().to_string();
        if self.cells.is_empty() {
            return Err(Fault::data(place, "the table has no row").expected("a row for each face of each cell"));
        }
        if self.classes.all.len() < 2 {
            return Err(Fault::data(place, "the table has one class alone")
                .found(self.classes.all.join(", "))
                .expected("two classes or more in the columns `true` and `predicted`"));
        }
        self.check_grid()?;
        if self.columns.classes.is_empty() {
            self.sort_classes();
        }
        Ok(Rows {
            places: self.places.clone(),
            classes: self.classes.all,
            has_probabilities: !self.columns.classes.is_empty(),
            unread: self.columns.unread.clone(),
            sets: self.sets.all,
            models: self.models.all,
            groups: self.groups.all,
            people: self.people,
            faces: self.faces,
            cells: self.cells,
        })
    }

    fn sort_classes(&mut self) {
        let mut sorted = self.classes.all.clone();
        sorted.sort_unstable();
        let place = |name: &String| sorted.iter().position(|other| other == name).unwrap_or(0) as u16;
        let places: Vec<u16> = self.classes.all.iter().map(place).collect();
        self.faces.iter_mut().for_each(|face| face.label = places[usize::from(face.label)]);
        let predicted = self.cells.iter_mut().flat_map(|cell| &mut cell.predicted);
        predicted.for_each(|class| *class = places[usize::from(*class)]);
        self.classes.all = sorted;
    }
}
