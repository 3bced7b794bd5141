//! `fer2013`: class folders, perhaps below folders of the split, or the table `emotion,pixels,Usage`, whole or in
//! parts; labels of its own or the votes of FER+.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::Fault;

use super::Database;
use super::class_folders::{expressions, in_folders};
use super::fer_plus::{Verdict, Votes};
use super::names;
use super::pixel_table::PixelTable;
use crate::listing::{Found, Listing, Pixels, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::tree::{Tree, TreeFile};

pub(super) static DATABASE: Database = Database {
    name: "fer2013",
    title: "FER2013",
    access: "the challenge in representation learning of ICML 2013, whose organisers host it with the competition's \
        data",
    terms: "given for the ICML 2013 challenge; pictures were collected from the web and keep their owners' rights",
    published: &[Published {
        part: "all three parts",
        unit: Unit::Pictures,
        classes: &[
            (Anger, 4_953),
            (Disgust, 547),
            (Fear, 5_121),
            (Happiness, 8_989),
            (Sadness, 6_077),
            (Surprise, 4_002),
            (Neutral, 6_198),
        ],
        persons: None,
    }],
    settings: &[Setting::Ignore, Setting::Labels],
    known_flaws: &[
        "its three parts share pictures, and some pictures stand under two labels: what was found of both here is \
            counted in this list",
    ],
    names_by_path: false,
    is_sign: has_own_names,
    list,
};

/// By the number in the column `emotion`.
const LABELS: [Expression; 7] = [Anger, Disgust, Fear, Happiness, Sadness, Surprise, Neutral];
/// The names under which the table circulates.
const TABLES: [&str; 2] = ["fer2013.csv", "icml_face_data.csv"];
/// The parts of the challenge, of which the second has no labels.
const PARTS: [&str; 2] = ["train.csv", "test.csv"];
const HINT: &str = "ckextended.csv is a table of CK+: give it as ckplus48:FILE";

/// Class folders of `1.jpg` could be anybody's: only its own names and tables are a sign of it.
fn has_own_names(listing: &Listing) -> bool {
    let own = ["Training_", "PublicTest_", "PrivateTest_"];
    listing.found.iter().any(|f| f.pixels != Pixels::File || own.iter().any(|name| f.source.contains(name)))
}

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let votes = request.settings.labels.as_deref().map(Votes::read).transpose()?;
    let mut listing = Listing { cropped: true, ..Listing::default() };
    if let Some(votes) = &votes {
        listing.caveats.push(votes.caveat());
    }
    let table = |part| PixelTable { labels: &LABELS, hint: HINT, votes: votes.as_ref(), part };
    if path.is_file() {
        table("all").list(path, &mut listing)?;
        return Ok(listing);
    }
    let tree = Tree::read(path)?;
    let named = |name: &&str| tree.files.iter().find(|file| file.name() == *name);
    if let Some(whole) = TABLES.iter().find_map(named) {
        table("all").list(&whole.path, &mut listing)?;
        for file in tree.files.iter().filter(|file| *file != whole) {
            listing.reject(&file.relative, Reason::NotAskedFor, format!("{} holds every picture", whole.relative));
        }
        return Ok(listing);
    }
    let parts: Vec<&TreeFile> = PARTS.iter().filter_map(named).collect();
    match (&votes, parts.is_empty()) {
        (Some(votes), true) => take_voted(&tree, votes, listing),
        (Some(votes), false) => Err(votes.misses_table(path)),
        (None, true) => list_folders(&tree, request, listing),
        (None, false) => {
            for part in &parts {
                table(part.stem()).list(&part.path, &mut listing)?;
            }
            for file in tree.files.iter().filter(|file| !parts.contains(file)) {
                listing.reject_unknown(file, "train.csv and test.csv, which are here");
            }
            Ok(listing)
        }
    }
}

/// Pictures called as in the votes, wherever they lie: `fer0000012.png`.
fn take_voted(tree: &Tree, votes: &Votes, mut listing: Listing) -> Result<Listing, Fault> {
    for file in &tree.files {
        match votes.of_name(file.name()) {
            Some(Verdict::Expression(expression)) => listing.take(Found::picture(file, *expression)),
            Some(Verdict::None(why)) => listing.reject(&file.relative, Reason::NotAnExpression, *why),
            None => listing.reject_unknown(file, "a name that the votes have, such as fer0000012.png"),
        }
    }
    if listing.found.is_empty() {
        return Err(votes.misses_table(&tree.root));
    }
    Ok(listing)
}

fn list_folders(tree: &Tree, request: &PrepareRequest, mut listing: Listing) -> Result<Listing, Fault> {
    // One number in the name: copies that someone augmented carry a second one, as in Training_1.jpg2.jpg.
    let pattern = names::picture(r"[a-z]*_?\d+");
    let pictures = in_folders(tree, &request.settings.ignore, &mut listing)?;
    let classes = expressions(tree, &pictures, read_class)?;
    for picture in pictures {
        if pattern.is_match(picture.file.name()) {
            listing.take(Found::picture(picture.file, classes[picture.folder].clone()));
        } else {
            listing.reject_unknown(picture.file, "one number in the name, as in Training_123.jpg");
        }
    }
    Ok(listing)
}

/// Copies name the folders by words or by the numbers of the table.
fn read_class(folder: &str) -> Option<Expression> {
    Expression::from_word(folder).or_else(|| LABELS.get(folder.parse::<usize>().ok()?).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_settings::SourceSettings;
    use crate::tree::tests::{tree_of, write};

    const SIDE: usize = 48;

    fn request() -> PrepareRequest {
        PrepareRequest::new(vec![], "out".into())
    }

    #[test]
    fn class_folders_below_the_split_are_read_and_augmented_copies_reported() {
        let folder =
            tree_of(&["train/angry/Training_1.jpg", "train/angry/Training_1.jpg0.jpg", "test/3/PublicTest_22.jpg"]);
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> =
            listing.found.iter().map(|f| (f.source.as_str(), f.class.name(), f.person.as_ref())).collect();
        assert_eq!(
            found,
            [("test/3/PublicTest_22.jpg", "happiness", None), ("train/angry/Training_1.jpg", "anger", None)]
        );
        assert_eq!((listing.rejects.len(), listing.rejects[0].reason), (1, Reason::NameNotKnown));
    }

    #[test]
    fn the_table_holds_label_pixels_and_split() {
        let pixels = vec!["7"; SIDE * SIDE].join(" ");
        let folder = tree_of(&["other.txt"]);
        let text = format!("emotion, pixels, Usage\n0,{pixels},Training\n6,{pixels},PublicTest\n5,1 2 3,Training\n");
        write(folder.path(), "fer2013.csv", text.as_bytes());
        let listing = list(folder.path(), &request()).unwrap();
        assert_eq!(listing.found[0].pixels, Pixels::Gray(vec![7; SIDE * SIDE]));
        assert_eq!((listing.found[1].source.as_str(), listing.found[1].class.name()), ("PublicTest/00001", "neutral"));
        assert_eq!(listing.rejects.len(), 2);
    }

    #[test]
    fn the_parts_of_the_challenge_are_read_and_the_one_without_labels_reported() {
        let pixels = vec!["7"; SIDE * SIDE].join(" ");
        let folder = tree_of(&["example_submission.csv"]);
        write(folder.path(), "train.csv", format!("emotion,pixels\n3,{pixels}\n").as_bytes());
        write(folder.path(), "test.csv", format!("pixels\n{pixels}\n{pixels}\n").as_bytes());
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.source.as_str(), f.class.name())).collect();
        assert_eq!(found, [("train/00000", "happiness")]);
        let reasons: Vec<_> = listing.rejects.iter().map(|r| r.reason).collect();
        assert_eq!(reasons, [Reason::NoLabel, Reason::NoLabel, Reason::NotAPicture]);
    }

    const VOTES: &str = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n\
        Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0\n\
        Training,fer0000001.png,0,5,0,0,0,0,0,5,0,0\n\
        Training,fer0000002.png,0,1,0,0,0,0,0,8,1,0\n\
        PublicTest,,0,0,0,0,0,0,0,0,0,10\n\
        PrivateTest,fer0000004.png,1,0,0,0,0,0,0,0,9,0\n";

    #[test]
    fn votes_replace_the_labels_row_by_row_and_ties_unknown_and_no_face_are_left_out() {
        let pixels = vec!["7"; SIDE * SIDE].join(" ");
        let folder = tree_of(&[]);
        write(folder.path(), "fer2013new.csv", VOTES.as_bytes());
        let parts = ["Training", "Training", "Training", "PublicTest", "PrivateTest"];
        let table = |parts: &[&str]| {
            let rows: String = parts.iter().map(|part| format!("0,{pixels},{part}\n")).collect();
            format!("emotion,pixels,Usage\n{rows}")
        };
        let path = folder.path().join("fer2013.csv");
        let labels = Some(folder.path().join("fer2013new.csv"));
        let request = PrepareRequest { settings: SourceSettings { labels, ..SourceSettings::default() }, ..request() };
        write(folder.path(), "fer2013.csv", table(&parts).as_bytes());
        let listing = list(&path, &request).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.source.as_str(), f.class.name())).collect();
        assert_eq!(found, [("Training/00000", "neutral"), ("Training/00002", "contempt")]);
        let reasons: Vec<_> = listing.rejects.iter().map(|r| (r.reason, r.detail.contains("most"))).collect();
        assert_eq!(reasons, [(Reason::NotAnExpression, true); 3]);
        assert!(listing.caveats[0].contains("FER+"), "{:?}", listing.caveats);
        for (parts, what) in [(&parts[1..], "the parts differ"), (&parts[..4], "5 rows of votes, 4 in")] {
            write(folder.path(), "fer2013.csv", table(parts).as_bytes());
            let fault = list(&path, &request).unwrap_err().to_string();
            assert!(fault.contains(what), "{fault}");
        }
    }

    #[test]
    fn votes_find_pictures_by_their_names() {
        let folder =
            tree_of(&["data/FER2013Train/fer0000000.png", "data/FER2013Train/fer0000001.png", "Training_9.png"]);
        let votes = tree_of(&[]);
        write(votes.path(), "votes.csv", VOTES.as_bytes());
        let request = PrepareRequest {
            settings: SourceSettings { labels: Some(votes.path().join("votes.csv")), ..SourceSettings::default() },
            ..request()
        };
        let listing = list(folder.path(), &request).unwrap();
        assert_eq!((listing.found.len(), listing.found[0].class.name(), listing.rejects.len()), (1, "neutral", 2));
        let other = tree_of(&["train/angry/Training_1.jpg"]);
        assert!(list(other.path(), &request).unwrap_err().to_string().contains("give the table fer2013.csv"));
    }

    #[test]
    fn a_table_of_ck_is_sent_to_its_adapter() {
        let folder = tree_of(&[]);
        write(folder.path(), "ckextended.csv", b"emotion,pixels,Usage\n7,1 2,Training\n");
        let fault = list(&folder.path().join("ckextended.csv"), &request()).unwrap_err().to_string();
        assert!(fault.contains("ckplus48:FILE"), "{fault}");
    }

    #[test]
    fn an_unknown_number_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "fer2013.csv", b"emotion,pixels,Usage\n9,1 2,Training\n");
        let fault = list(folder.path(), &request()).unwrap_err();
        assert!(fault.to_string().contains("line 2: unknown emotion"), "{fault}");
    }
}
