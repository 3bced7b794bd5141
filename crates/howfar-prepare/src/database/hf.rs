//! `hf`: Parquet files as Hugging Face datasets are stored: a column of pictures, one of classes, perhaps one of
//! persons.
//!
//! In: a folder or a file. Out: a find a row; its picture stays in the file until it is wanted. Our own face sets are
//! such folders: what they say of a face is taken over.

mod features;
mod own_set;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use howfar_face::Fault;

use self::features::Features;
use super::Database;
use super::columns::{GROUP, IMAGES, LABELS, SUBJECTS, are_persons, groups_in_words, in_words};
use super::folder_check::check_classes;
use super::label_classes::LabelClasses;
use crate::listing::{Found, Listing, Pixels, Reason, named_person};
use crate::parquet_table::{Column, Kind, ParquetTable};
use crate::picture_file::is_picture;
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::tree::{Tree, TreeFile};

pub(super) static DATABASE: Database = Database {
    name: "hf",
    title: "a Hugging Face dataset (Parquet)",
    access: "whoever published the dataset",
    terms: "not stated: the dataset's own page says what is allowed",
    published: &[],
    settings: &[
        Setting::SubjectPattern,
        Setting::LabelMap,
        Setting::AnyClasses,
        Setting::Ignore,
        Setting::LabelColumn,
        Setting::SubjectColumn,
    ],
    known_flaws: &[],
    names_by_path: true,
    is_sign: |_| true,
    list,
};

/// Files that belong to a dataset and hold no rows.
const ABOUT: [&str; 6] =
    ["README.md", "dataset_infos.json", "dataset_info.json", "state.json", ".gitattributes", "LICENSE"];

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    if own_set::is_one(path) {
        return own_set::list(path, request);
    }
    let mut listing = Listing::default();
    let (files, features) = if path.is_file() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let features = path.ancestors().skip(1).take(2).map(Features::of_folder).find(|f| *f != Features::default());
        (vec![TreeFile { path: path.to_owned(), relative: name }], features.unwrap_or_default())
    } else {
        let tree = Tree::read(path)?;
        let (tables, others): (Vec<TreeFile>, Vec<TreeFile>) =
            tree.files.iter().cloned().partition(|file| has_ending(&file.path, "parquet"));
        if tables.is_empty() {
            return Err(no_table(path, &others));
        }
        for file in others.iter().filter(|file| !ABOUT.contains(&file.name())) {
            listing.reject(&file.relative, Reason::NotAPicture, "no Parquet file, by its name");
        }
        (tables, Features::of_folder(path))
    };
    Rows::read(&files, &features, request, &mut listing)?.take(path, request, &mut listing)?;
    check_classes(path, &listing, &BTreeSet::new(), request).map(|()| listing)
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
}

fn no_table(path: &Path, others: &[TreeFile]) -> Fault {
    let fault = Fault::data(path.display(), "no Parquet file is here").expected("data/train-00000-of-00001.parquet, …");
    if others.iter().any(|file| has_ending(&file.path, "arrow")) {
        return fault
            .found("Arrow files")
            .hint("in Python: load_from_disk(FOLDER)[\"train\"].to_parquet(\"train.parquet\")");
    }
    if others.iter().any(|file| is_picture(&file.path)) {
        return fault.found("pictures").hint(format!("pictures and lists are read by `folder:{}`", path.display()));
    }
    fault.found(format!("{} other files", others.len()))
}

/// The columns of a file that are read.
struct Chosen {
    image: Column,
    label: Words,
    subject: Option<Words>,
    group: Option<Words>,
}

impl Chosen {
    /// The class of a row, of what stands in its column.
    fn class(&self, text: Option<String>) -> Option<String> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        if self.label.names.is_some() { self.label.named(&text).cloned() } else { Some(text) }
    }

    fn person(&self, text: Option<String>) -> Option<String> {
        let person = self.subject.as_ref()?.word(text?);
        named_person(&person).map(str::to_owned)
    }

    fn group(&self, text: Option<String>) -> Option<String> {
        Some(self.group.as_ref()?.word(text?)).filter(|group| !group.trim().is_empty())
    }
}

/// A column of words.
struct Words {
    column: Column,
    /// The words where the column holds their numbers.
    names: Option<Vec<String>>,
}

impl Words {
    fn new(column: Column, features: &Features) -> Self {
        let names = match column.kind {
            Kind::Number => features.names.get(&column.name).filter(|names| !names.is_empty()).cloned(),
            _ => None,
        };
        Words { column, names }
    }

    /// The words of a row group as they stand in the file.
    fn texts(&self, table: &ParquetTable, group: usize) -> Result<Vec<Option<String>>, Fault> {
        table.texts(group, self.column.leaf)
    }

    /// The word of a row: what its number stands for, or what is there.
    fn word(&self, text: String) -> String {
        self.named(&text).cloned().unwrap_or(text)
    }

    /// The word that a number stands for, if it does.
    fn named(&self, number: &str) -> Option<&String> {
        self.names.as_ref()?.get(number.parse::<usize>().ok()?)
    }
}

/// A row that has a picture.
struct Row {
    table: Arc<ParquetTable>,
    leaf: usize,
    group: usize,
    row: usize,
    file: TreeFile,
    /// The path that the pictures' column gives, if it gives one.
    path: Option<String>,
    label: String,
    person: Option<String>,
    group_of_face: Option<String>,
}

/// Every row of a dataset, and the columns that were read.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    /// The columns' names: of classes, of persons.
    labels: BTreeSet<String>,
    subjects: BTreeSet<String>,
    /// Whether a column of persons was named by the user.
    subject_named: bool,
}

impl Rows {
    fn read(
        files: &[TreeFile],
        of_folder: &Features,
        request: &PrepareRequest,
        listing: &mut Listing,
    ) -> Result<Self, Fault> {
        let mut rows = Rows { subject_named: request.settings.subject_column.is_some(), ..Rows::default() };
        let (mut n_read, mut unlabelled) = (0, Vec::new());
        for file in files {
            let table = Arc::new(ParquetTable::open(&file.path)?);
            own_set::refuse_shard(&table, &file.path)?;
            let own = table.note("huggingface").map(Features::of_json).unwrap_or_default();
            let features = if own == Features::default() { of_folder } else { &own };
            match choose(&table, file, features, request)? {
                Ok(chosen) => {
                    n_read += 1;
                    rows.add(&table, file, &chosen, request, listing)?;
                }
                Err(fault) => unlabelled.push((file, fault)),
            }
        }
        if n_read == 0
            && let Some((_, fault)) = unlabelled.pop()
        {
            return Err(fault);
        }
        for (file, fault) in unlabelled {
            listing.reject(&file.relative, Reason::NoLabel, fault.what());
        }
        Ok(rows)
    }

    /// Adds the rows of a file.
    fn add(
        &mut self,
        table: &Arc<ParquetTable>,
        file: &TreeFile,
        chosen: &Chosen,
        request: &PrepareRequest,
        listing: &mut Listing,
    ) -> Result<(), Fault> {
        let leaf = chosen.image.leaf;
        let path_leaf = match chosen.image.kind {
            Kind::Picture { path } => path,
            _ => None,
        };
        let mut only_paths = path_leaf;
        self.labels.insert(chosen.label.column.name.clone());
        self.subjects.extend(chosen.subject.iter().map(|words| words.column.name.clone()));
        let mut row_idx = 0_u64;
        for group in 0..table.n_groups() {
            let labels = chosen.label.texts(table, group)?;
            let nothing = || vec![None; labels.len()];
            let texts = |words: &Option<Words>| words.as_ref().map_or_else(|| Ok(nothing()), |w| w.texts(table, group));
            let (persons, groups) = (texts(&chosen.subject)?, texts(&chosen.group)?);
            let wants_paths = request.settings.subject_pattern.is_some() || request.settings.label_pattern.is_some();
            let path_leaf = path_leaf.filter(|_| wants_paths);
            let paths = path_leaf.map_or_else(|| Ok(nothing()), |leaf| table.texts(group, leaf))?;
            if !labels.is_empty()
                && let Some(path_leaf) = only_paths.take()
                && let Ok(None) = table.bytes(leaf, group, 0)
                && let Ok(Some(path)) = table.bytes(path_leaf, group, 0)
            {
                return Err(paths_alone(&file.path, &chosen.image.name, &String::from_utf8_lossy(path.data())));
            }
            let words = labels.into_iter().zip(persons).zip(groups);
            for (row, (((label, person), of_face), path)) in words.zip(paths).enumerate() {
                let source = format!("{}#{row_idx}", file.relative);
                row_idx += 1;
                let Some(label) = chosen.class(label) else {
                    listing.reject(
                        source,
                        Reason::NoLabel,
                        format!("no class in the column {}", chosen.label.column.name),
                    );
                    continue;
                };
                let (person, group_of_face) = (chosen.person(person), chosen.group(of_face));
                let (table, file) = (Arc::clone(table), TreeFile { path: file.path.clone(), relative: source });
                self.rows.push(Row { table, leaf, group, row, file, path, label, person, group_of_face });
            }
        }
        Ok(())
    }

    /// Turns the rows into finds.
    fn take(self, path: &Path, request: &PrepareRequest, listing: &mut Listing) -> Result<(), Fault> {
        let labels: BTreeSet<&str> = self.rows.iter().map(|row| row.label.as_str()).collect();
        let joined = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join("`, `");
        let (label, subject) = (joined(&self.labels), joined(&self.subjects));
        let place = format!("{}, column {label}", path.display());
        let classes = LabelClasses::of(&labels, &|_| place.clone(), request)?;
        let persons: BTreeSet<&str> = self.rows.iter().filter_map(|row| row.person.as_deref()).collect();
        let subject = Some(subject.as_str()).filter(|subject| !subject.is_empty());
        let taken = self.subject_named || are_persons(subject, persons.len(), self.rows.len());
        listing.caveats.push(match &request.settings.subject_pattern {
            Some(_) => format!("classes from the column `{label}`; people from the subject pattern"),
            None => in_words(&label, subject, taken.then_some(persons.len())),
        });
        let pattern = request.settings.compiled_subject_pattern()?;
        for row in self.rows {
            let pixels = Pixels::Row { table: row.table, leaf: row.leaf, group: row.group, row: row.row };
            let Some(class) = classes.class(&row.label, &row.file.relative, listing) else { continue };
            let mut person = row.person.filter(|_| taken);
            if let Some(pattern) = &pattern {
                let table = row.file.relative.rsplit_once('#').map_or("", |(table, _)| table);
                let place = row.path.map_or(row.file.relative.clone(), |path| format!("{table}/{path}"));
                person = pattern.find(&place).map(str::to_owned);
                if person.is_none() {
                    let detail = format!("{place}: the subject pattern does not match");
                    listing.reject(row.file.relative, Reason::NameNotKnown, detail);
                    continue;
                }
            }
            listing.take(Found { pixels, person, group: row.group_of_face, ..Found::picture(&row.file, class) });
        }
        listing.caveats.extend(groups_in_words(&listing.found));
        Ok(())
    }
}

/// The columns of a file to read; the inner error says that it has no column of classes, as parts to test on have none.
fn choose(
    table: &ParquetTable,
    file: &TreeFile,
    features: &Features,
    request: &PrepareRequest,
) -> Result<Result<Chosen, Fault>, Fault> {
    let columns = table.columns();
    let all = columns.iter().map(|c| c.name.as_str()).take(40).collect::<Vec<_>>().join(", ");
    let missing = |what: &str, hint: &str| Fault::data(file.path.display(), what).found(&all).hint(hint);
    let named = |wanted: Option<&String>, option: &str| match wanted {
        None => Ok(None),
        Some(name) => match columns.iter().find(|c| c.name == *name) {
            Some(column) if column.kind != Kind::Nested => Ok(Some(column.clone())),
            Some(_) => Err(Fault::data(file.path.display(), format!("the column {name} holds lists or structures"))
                .hint(format!("name a column of texts or numbers with {option}"))),
            None => Err(missing(&format!("the column {name} is missing"), &format!("name one of these with {option}"))),
        },
    };
    let image = image_column(columns, features)
        .ok_or_else(|| match columns.iter().find(|c| c.kind == Kind::Text && IMAGES.contains(&c.name.as_str())) {
            Some(column) => paths_alone(&file.path, &column.name, "texts"),
            None => missing("no column of pictures is here", "pictures are `{bytes, path}`, as `datasets` writes them"),
        })?
        .clone();
    let flat = |column: &&Column| matches!(column.kind, Kind::Text | Kind::Number | Kind::Bytes) && **column != image;
    let known = |names: &[&str]| {
        names.iter().find_map(|name| columns.iter().filter(flat).find(|c| c.name.eq_ignore_ascii_case(name))).cloned()
    };
    let label =
        named(request.settings.label_column.as_ref(), "--label-column")?.or_else(|| known(&LABELS)).or_else(|| {
            // The only column of classes, whatever it is called.
            let mut classes = columns.iter().filter(flat).filter(|c| features.names.contains_key(&c.name));
            classes.next().filter(|_| classes.next().is_none()).cloned()
        });
    let Some(label) = label else {
        return Ok(Err(missing("no column of classes is here", "name the column with --label-column")));
    };
    let subject = named(request.settings.subject_column.as_ref(), "--subject-column")?.or_else(|| known(&SUBJECTS));
    let words = |column: Column| Words::new(column, features);
    let other = |column: &Column| *column != label;
    let (subject, group) = (subject.filter(other).map(words), known(&[GROUP]).filter(other).map(words));
    Ok(Ok(Chosen { image, label: words(label), subject, group }))
}

/// What the features call a picture, else what looks like one: by its usual name, or alone.
fn image_column<'c>(columns: &'c [Column], features: &Features) -> Option<&'c Column> {
    let pictures: Vec<&Column> = columns.iter().filter(|c| matches!(c.kind, Kind::Picture { .. })).collect();
    let bytes: Vec<&Column> = columns.iter().filter(|c| c.kind == Kind::Bytes).collect();
    let all = || pictures.iter().chain(&bytes).copied();
    let usual = |column: &&Column| IMAGES.iter().any(|name| column.name.eq_ignore_ascii_case(name));
    all()
        .find(|c| features.images.contains(&c.name) && usual(c))
        .or_else(|| all().find(|c| features.images.contains(&c.name)))
        .or_else(|| all().find(usual))
        .or_else(|| pictures.first().copied())
        .or_else(|| bytes.first().copied().filter(|_| bytes.len() == 1))
}

fn paths_alone(path: &Path, column: &str, example: &str) -> Fault {
    Fault::data(path.display(), format!("the column {column} holds the pictures' paths, not the pictures"))
        .found(example)
        .expected("pictures within the file, as `datasets` embeds them on push_to_hub")
        .hint("give the folder of pictures with a list: `folder:FOLDER` and metadata.csv with file_name,label")
}
