//! `rafdb`: the basic set, a list of file names and labels, pictures aligned by its authors.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::csv_table::{CsvTable, field, for_each_line_of_words};
use howfar_face::{Fault, shortened};

use super::Database;
use super::class_folders::{expressions, in_folders};
use super::lookup::Lookup;
use super::names::{picture, whole};
use super::rows::Rows;
use crate::listing::{Found, Listing, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::tree::{Tree, TreeFile};

pub(super) static DATABASE: Database = Database {
    name: "rafdb",
    title: "RAF-DB (basic)",
    access: "Shan Li and Weihong Deng, Beijing University of Posts and Telecommunications",
    terms: "non-commercial research only; pictures are not passed on",
    published: &[
        Published {
            part: "training and test part",
            unit: Unit::Pictures,
            classes: &[
                (Surprise, 1_619),
                (Fear, 355),
                (Disgust, 877),
                (Happiness, 5_957),
                (Sadness, 2_460),
                (Anger, 867),
                (Neutral, 3_204),
            ],
            persons: None,
        },
        Published {
            part: "training part",
            unit: Unit::Pictures,
            classes: &[
                (Surprise, 1_290),
                (Fear, 281),
                (Disgust, 717),
                (Happiness, 4_772),
                (Sadness, 1_982),
                (Anger, 705),
                (Neutral, 2_524),
            ],
            persons: None,
        },
        Published {
            part: "test part",
            unit: Unit::Pictures,
            classes: &[
                (Surprise, 329),
                (Fear, 74),
                (Disgust, 160),
                (Happiness, 1_185),
                (Sadness, 478),
                (Anger, 162),
                (Neutral, 680),
            ],
            persons: None,
        },
    ],
    settings: &[Setting::Ignore],
    known_flaws: &[],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

/// By the number in the list, from 1.
const LABELS: [Expression; 7] = [Surprise, Fear, Disgust, Happiness, Sadness, Anger, Neutral];
/// Spelt like this by the authors, and by copies as one would expect.
const LISTS: [&str; 2] = ["list_patition_label.txt", "list_partition_label.txt"];

/// The lists of the circulating copy, `image,label`.
const TABLES: [&str; 2] = ["train_labels.csv", "test_labels.csv"];

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let named = |names: &[&str]| tree.files.iter().filter(|file| names.contains(&file.name())).collect::<Vec<_>>();
    let (lists, tables) = (named(&LISTS), named(&TABLES));
    match (lists.first(), tables.is_empty()) {
        (Some(list), _) => list_labels(&tree, list),
        (None, false) => list_tables(&tree, &tables),
        (None, true) => list_folders(&tree, request),
    }
}

/// Takes the pictures that lists name, aligned whatever the lists call them.
struct Lists<'t> {
    lookup: Lookup<'t>,
    listing: Listing,
    rows: Rows,
    /// Pictures that lie in the folder of another label than the list's.
    n_disagreeing: u64,
}

impl<'t> Lists<'t> {
    fn new(tree: &'t Tree) -> Self {
        let listing = Listing { cropped: true, ..Listing::default() };
        Lists { lookup: Lookup::new(tree), listing, rows: Rows::default(), n_disagreeing: 0 }
    }

    fn take(&mut self, name: &str, expression: Expression, place: &str) -> Result<(), Fault> {
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "jpg"));
        let stem = stem.strip_suffix("_aligned").unwrap_or(stem);
        if !self.rows.is_new(&mut self.listing, stem, expression.name(), place)? {
            return Ok(());
        }
        let mut names = [ending, "jpg", "png"].into_iter().map(|ending| format!("{stem}_aligned.{ending}"));
        match names.find_map(|name| self.lookup.find(&name)) {
            Some(file) => {
                let folder = file.folders().last().and_then(|folder| read_label(folder));
                self.n_disagreeing += u64::from(folder.is_some_and(|folder| folder != expression));
                self.listing.take(Found::picture(file, expression));
            }
            None => {
                let detail = format!("named in {place}; expected {stem}_aligned.{ending} somewhere below the folder");
                self.listing.reject(name, Reason::Missing, detail);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Listing {
        if self.n_disagreeing > 0 {
            let n = self.n_disagreeing;
            let text = format!(
                "rafdb: {n} pictures lie in the folder of another label than the list's; the list was followed"
            );
            self.listing.caveats.push(text);
        }
        self.lookup.report_unnamed(&mut self.listing);
        self.listing
    }
}

/// A line is a name and the label behind it; copies have a column more, before or behind them.
fn list_labels(tree: &Tree, list: &TreeFile) -> Result<Listing, Fault> {
    let mut lists = Lists::new(tree);
    lists.lookup.find(&list.relative);
    let is_name = whole(r"(?i)(.*[/\\])?(train|test)_\d+(_aligned)?(\.[a-z]+)?");
    for_each_line_of_words(&list.path, |place, words| {
        let name_at = words.iter().position(|word| is_name.is_match(word)).filter(|_| words.len() <= 3);
        let row = name_at.and_then(|at| Some((words[at], read_label(words.get(at + 1)?)?)));
        let (name, expression) = row.ok_or_else(|| {
            Fault::data(place, "not a file name and a label")
                .found(shortened(&words.join(" "), 120))
                .expected("train_00001.jpg 5, with labels from 1 to 7")
        })?;
        lists.take(name, expression, place)
    })?;
    Ok(lists.finish())
}

fn list_tables(tree: &Tree, tables: &[&TreeFile]) -> Result<Listing, Fault> {
    let mut lists = Lists::new(tree);
    for table in tables {
        lists.lookup.find(&table.relative);
        let csv = CsvTable::open(&table.path)?;
        let (name_at, label_at) = (csv.column("image")?, csv.column("label")?);
        csv.for_each(|place, row| {
            let label = field(row, label_at, place)?;
            let expression = read_label(label)
                .ok_or_else(|| Fault::data(place, "unknown label").found(shortened(label, 120)).expected("1 to 7"))?;
            lists.take(field(row, name_at, place)?, expression, place)
        })?;
    }
    Ok(lists.finish())
}

/// The circulating copy: `train/1/train_00001_aligned.jpg`, or folders named by words.
fn list_folders(tree: &Tree, request: &PrepareRequest) -> Result<Listing, Fault> {
    let mut listing = Listing { cropped: true, ..Listing::default() };
    let pattern = picture(r"(train|test)_\d+(_aligned)?");
    let pictures = in_folders(tree, &request.settings.ignore, &mut listing)?;
    let classes = expressions(tree, &pictures, |folder| Expression::from_word(folder).or_else(|| read_label(folder)))?;
    for picture in pictures {
        if pattern.is_match(picture.file.name()) {
            listing.take(Found::picture(picture.file, classes[picture.folder].clone()));
        } else {
            listing.reject_unknown(picture.file, "a name such as train_00001_aligned.jpg");
        }
    }
    Ok(listing)
}

fn read_label(text: &str) -> Option<Expression> {
    LABELS.get(text.parse::<usize>().ok()?.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    fn request() -> PrepareRequest {
        PrepareRequest::new(vec![], "out".into())
    }

    #[test]
    fn the_list_names_aligned_pictures() {
        let folder = tree_of(&["basic/Image/aligned/train_00001_aligned.jpg", "basic/Image/original/train_00001.jpg"]);
        write(folder.path(), "basic/EmoLabel/list_patition_label.txt", b"train_00001.jpg 5\ntest_0001.jpg 7\n");
        let listing = list(folder.path(), &request()).unwrap();
        assert_eq!((listing.found.len(), listing.found[0].class.name()), (1, "sadness"));
        let reasons: Vec<_> = listing.rejects.iter().map(|r| r.reason).collect();
        assert_eq!(reasons, [Reason::Missing, Reason::NoLabel]);
    }

    #[test]
    fn the_tables_of_the_circulating_copy_name_pictures_in_numbered_folders() {
        let folder = tree_of(&[
            "DATASET/train/5/train_00001_aligned.jpg",
            "DATASET/train/1/train_00002_aligned.jpg",
            "DATASET/test/7/test_0001_aligned.jpg",
        ]);
        write(
            folder.path(),
            "train_labels.csv",
            b"image,label\ntrain_00001_aligned.jpg,5\ntrain_00002_aligned.jpg,2\n",
        );
        write(folder.path(), "test_labels.csv", b"image,label\ntest_0001_aligned.jpg,7\n");
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| f.class.name()).collect();
        assert_eq!((found, listing.rejects.len()), (vec!["neutral", "sadness", "fear"], 0));
        assert!(listing.caveats[0].contains("1 pictures lie in the folder of another label"), "{:?}", listing.caveats);
    }

    #[test]
    fn a_list_may_have_three_columns_or_name_the_aligned_pictures() {
        let folder = tree_of(&["train_00001_aligned.jpg", "train_00002_aligned.jpg"]);
        for lines in [
            "train_00001_aligned.jpg 5\ntrain_00002_aligned.jpg 1\n",
            "0 train_00001.jpg 5\n1 train_00002.jpg 1\n",
            "train_00001.jpg 5 0\ntrain_00002.jpg 1 0\n",
            "train_00001,5\r\ntrain_00002,1\r\n",
        ] {
            write(folder.path(), "list_patition_label.txt", lines.as_bytes());
            let listing = list(folder.path(), &request()).unwrap();
            let found: Vec<_> = listing.found.iter().map(|f| f.class.name()).collect();
            assert_eq!((found, listing.rejects.len()), (vec!["sadness", "surprise"], 0), "{lines}");
        }
    }

    #[test]
    fn a_picture_under_two_labels_is_an_error_that_names_both_lines() {
        let folder = tree_of(&["train_00001_aligned.jpg"]);
        let lines = b"train_00001.jpg 5\ntrain_00001.jpg 5\ntrain_00001_aligned.jpg 6\n";
        write(folder.path(), "list_patition_label.txt", lines);
        let fault = list(folder.path(), &request()).unwrap_err().to_string();
        assert!(fault.contains("sadness") && fault.contains("line 1") && fault.contains("line 3"), "{fault}");
    }

    #[test]
    fn numbered_folders_are_the_labels_of_the_list() {
        let folder = tree_of(&["train/1/train_00001_aligned.jpg", "test/7/test_0002_aligned.jpg"]);
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| f.class.name()).collect();
        assert_eq!(found, ["neutral", "surprise"]);
    }

    #[test]
    fn a_broken_line_is_named() {
        let folder = tree_of(&[]);
        write(folder.path(), "list_patition_label.txt", b"train_00001.jpg 5\ntrain_00002.jpg 8\n");
        assert!(list(folder.path(), &request()).unwrap_err().to_string().contains("line 2: not a file name"));
    }
}
