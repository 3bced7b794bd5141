//! `folder`: a tree of anyone's pictures; a file is a list of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use howfar_face::{Expression, Fault};

use super::Database;
use super::class_folders::{ignored, no_class_folder, report_ignored};
use super::folder_check::check_classes;
use super::labels::{LabelMap, Meanings, meanings};
use super::{name_schemes, picture_list, prompted, sheets};
use crate::levels::{ClassLevel, LevelKind, Levels, Placed};
use crate::listing::{Class, Found, Listing, Reason};
use crate::path_pattern::PathPattern;
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::source_settings::{FolderClasses, LabelsFrom};
use crate::spelling::in_short;
use crate::tree::Tree;

pub(super) static DATABASE: Database = Database {
    name: "folder",
    title: "a folder of pictures",
    access: "your own pictures",
    terms: "not stated: whoever gave you the pictures decides",
    published: &[],
    settings: &[
        Setting::SubjectPattern,
        Setting::LabelPattern,
        Setting::LabelMap,
        Setting::ClassLevel,
        Setting::AnyClasses,
        Setting::LabelsFrom,
        Setting::Grid,
        Setting::Ignore,
        Setting::LabelColumn,
        Setting::SubjectColumn,
    ],
    known_flaws: &[],
    names_by_path: true,
    is_sign: |_| false,
    list,
};

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let mut listing = if path.is_file() {
        checked(path, picture_list::list_file(path, request)?, request)?
    } else {
        let tree = Tree::read(path)?;
        match list_otherwise(&tree, request)? {
            Some(listing) => checked(path, listing, request)?,
            None => list_folders(path, &tree, request)?,
        }
    };
    name_schemes::add_persons(&mut listing, request);
    Ok(listing)
}

/// Folders say of classes without pictures, too, and check that themselves.
fn checked(path: &Path, listing: Listing, request: &PrepareRequest) -> Result<Listing, Fault> {
    check_classes(path, &listing, &BTreeSet::new(), request).map(|()| listing)
}

/// Layouts in which no folder is a class.
fn list_otherwise(tree: &Tree, request: &PrepareRequest) -> Result<Option<Listing>, Fault> {
    if let Some(n_columns) = request.settings.grid {
        return sheets::list(tree, n_columns, request).map(Some);
    }
    if request.settings.labels_from == LabelsFrom::Prompt {
        return prompted::list(tree, request).map(Some);
    }
    if request.settings.label_pattern.is_some() || request.settings.class_level.is_some() {
        return Ok(None);
    }
    match picture_list::list_within(tree, request)? {
        None => name_schemes::list(tree, request),
        listing => Ok(listing),
    }
}

fn list_folders(path: &Path, tree: &Tree, request: &PrepareRequest) -> Result<Listing, Fault> {
    let map = LabelMap::of(request)?;
    let label_pattern = request.settings.compiled_label_pattern()?;
    let subject_pattern = request.settings.compiled_subject_pattern()?;
    let mut listing = Listing::default();
    report_ignored(tree, &request.settings.ignore, &mut listing);
    let knows = |name: &str| Expression::from_word(name).is_some() || map.as_ref().is_some_and(|map| map.knows(name));
    let mut levels = Levels::find(
        tree,
        |file| ignored(file, &request.settings.ignore).is_none(),
        &knows,
        request.settings.class_level,
    );
    if label_pattern.is_some() {
        levels.forget(LevelKind::Class);
    }
    if label_pattern.is_some() || subject_pattern.is_some() {
        levels.forget(LevelKind::Person);
    }
    if levels.class_level == ClassLevel::Unknown && label_pattern.is_none() {
        return Err(not_understood(tree, &levels));
    }
    if levels.class_level == ClassLevel::TheOnlyOne
        && label_pattern.is_none()
        && map.is_none()
        && request.settings.classes == FolderClasses::Auto
    {
        refuse_expressions_in_names(tree, &levels)?;
    }
    listing.levels = levels.in_words();

    let labels = labels(&levels, label_pattern.as_ref());
    let is_asked_for = |label: &&str| !request.settings.ignore.iter().any(|ignored| ignored == *label);
    let different: BTreeSet<&str> = labels.iter().flatten().copied().filter(is_asked_for).collect();
    if different.is_empty() {
        return Err(no_label(tree, &levels, request));
    }
    let (kind, pattern_place) = match label_pattern {
        Some(_) => ("label", Some("--label-pattern")),
        None => ("class folder", None),
    };
    let place = |label: &str| pattern_place.map_or_else(|| label_place(tree, &levels, label), str::to_owned);
    let meanings = meanings(&different, map.as_ref(), request.settings.classes, kind, &place)?;
    take_pictures(&mut listing, &levels, &labels, &meanings, request, subject_pattern.as_ref());
    let without_pictures =
        if label_pattern.is_some() { BTreeSet::new() } else { empty_classes(&levels, &meanings, request) };
    check_classes(path, &listing, &without_pictures, request)?;
    say_aloud(&mut listing, &levels, &meanings, label_pattern.is_some());
    Ok(listing)
}

/// The label of each picture, where it has one.
fn labels<'t>(levels: &Levels<'t>, pattern: Option<&PathPattern>) -> Vec<Option<&'t str>> {
    let label = |picture: &Placed<'t>| match pattern {
        Some(pattern) => pattern.find(&picture.file.relative),
        None => picture.class(),
    };
    levels.pictures.iter().map(label).collect()
}

/// The first folder of a class.
fn label_place(tree: &Tree, levels: &Levels<'_>, label: &str) -> String {
    let first = levels.pictures.iter().find(|p| p.class() == Some(label)).and_then(|p| p.file.folder_called(label));
    first.unwrap_or(&tree.root).display().to_string()
}

fn take_pictures(
    listing: &mut Listing,
    levels: &Levels<'_>,
    labels: &[Option<&str>],
    meanings: &Meanings<'_>,
    request: &PrepareRequest,
    subject_pattern: Option<&PathPattern>,
) {
    let is_ignored = |label: &str| request.settings.ignore.iter().any(|ignored| ignored == label);
    for (picture, label) in levels.pictures.iter().zip(labels) {
        let left_out = match label {
            Some(label) if is_ignored(label) => (Reason::NotAskedFor, format!("the label {label} is ignored")),
            Some(label) => match meanings.get(label).and_then(Option::as_ref) {
                Some(class) => {
                    take_picture(listing, picture, class, subject_pattern);
                    continue;
                }
                None => (Reason::NotAskedFor, format!("the label map leaves {label} out")),
            },
            None if request.settings.label_pattern.is_some() => {
                (Reason::NameNotKnown, "expected a path that the label pattern matches".to_owned())
            }
            None => (Reason::NoLabel, "not in a class folder".to_owned()),
        };
        listing.reject(&picture.file.relative, left_out.0, left_out.1);
    }
}

/// Takes a picture of a class, of its person where one is known.
fn take_picture(listing: &mut Listing, picture: &Placed<'_>, class: &Class, subject_pattern: Option<&PathPattern>) {
    let found = Found::picture(picture.file, class.clone());
    match (subject_pattern.map(|pattern| pattern.find(&picture.file.relative)), picture.person()) {
        (Some(None), _) => listing.reject_unknown(picture.file, "a path that the subject pattern matches"),
        (Some(Some(person)), _) | (None, Some(person)) => listing.take(found.of(person)),
        (None, None) => listing.take(found),
    }
}

/// Names of classes below which no picture lies, in any of their spellings.
fn empty_classes<'t>(levels: &Levels<'t>, meanings: &Meanings<'_>, request: &PrepareRequest) -> BTreeSet<&'t str> {
    let expressions: BTreeSet<Expression> = meanings
        .values()
        .filter_map(|class| match class {
            Some(Class::Expression(expression)) => Some(*expression),
            _ => None,
        })
        .collect();
    let is_empty = |name: &&str| {
        if request.settings.classes == FolderClasses::Auto && !expressions.is_empty() {
            Expression::from_word(name).is_some_and(|e| !expressions.contains(&e))
        } else {
            request.settings.label_map.is_none()
        }
    };
    levels
        .without_pictures
        .iter()
        .copied()
        .filter(is_empty)
        .filter(|n| !request.settings.ignore.iter().any(|i| i == n))
        .collect()
}

/// That no level holds classes, with the tree as it was understood.
fn not_understood(tree: &Tree, levels: &Levels<'_>) -> Fault {
    let understood = levels.in_words();
    if understood.iter().all(|level| level.kind != LevelKind::Other) {
        return no_class_folder(tree);
    }
    let lines: Vec<String> = understood.iter().map(ToString::to_string).collect();
    Fault::data(tree.root.display(), "there are several levels of folders, and none of them is expressions")
        .found(format!("{} pictures\n            {}", levels.pictures.len(), lines.join("\n            ")))
        .expected("a level of folders named after expressions (anger, happy, …), or one level of folders alone")
        .hint(
            "say which level holds the classes with `--class-level N`, or how the class stands in the path with \
            `--label-pattern '(?<label>…)'`; `--label-map FILE` says what the names mean",
        )
}

/// That no picture has a label, by whichever way its label was to be found.
fn no_label(tree: &Tree, levels: &Levels<'_>, request: &PrepareRequest) -> Fault {
    let Some(first) = levels.pictures.first() else { return no_class_folder(tree) };
    let fault = match (request.settings.class_level, &request.settings.label_pattern) {
        (_, Some(pattern)) => Fault::data("--label-pattern", "the pattern finds a label in no path")
            .expected(format!("paths below the folder given that match {pattern}")),
        (Some(level), None) => Fault::data("--class-level", format!("no picture lies {level} folders deep")),
        (None, None) => return no_class_folder(tree),
    };
    fault.found(format!("{} pictures, such as {}", levels.pictures.len(), first.file.relative))
}

/// Folders of other names are no classes where the names of most pictures hold an expression.
fn refuse_expressions_in_names(tree: &Tree, levels: &Levels<'_>) -> Result<(), Fault> {
    let names_one = |stem: &str| {
        stem.split(|c: char| !c.is_alphabetic()).any(|w| w.chars().count() > 2 && Expression::from_word(w).is_some())
    };
    let naming: Vec<&str> =
        levels.pictures.iter().filter(|p| names_one(p.file.stem())).map(|p| p.file.relative.as_str()).collect();
    if 2 * naming.len() <= levels.pictures.len() {
        return Ok(());
    }
    Err(Fault::data(tree.root.display(), "the names of the pictures hold expressions, those of the folders do not")
        .found(format!("{} of {} pictures, such as {}", naming.len(), levels.pictures.len(), naming[0]))
        .expected("folders named after expressions, or a word on where the expression stands")
        .hint(
            "say how it stands in the path, as in `--label-pattern '_(?<label>[a-z]+)\\.'`, and whose picture it is \
            with `--subject-pattern`; to take the folders as classes, say `--any-classes`",
        ))
}

/// What a reader should know of how the folders were understood.
fn say_aloud(listing: &mut Listing, levels: &Levels<'_>, meanings: &Meanings<'_>, by_pattern: bool) {
    if levels.class_level == ClassLevel::TheOnlyOne && !by_pattern {
        let mut n_of_class: BTreeMap<&str, u64> = BTreeMap::new();
        for found in &listing.found {
            *n_of_class.entry(found.class.name()).or_default() += 1;
        }
        let counts: Vec<String> = n_of_class.iter().map(|(class, n)| format!("{class} {n}")).collect();
        listing
            .caveats
            .push(format!("no folder's name is an expression: the folders are the classes ({})", in_short(&counts)));
    }
    let persons: BTreeSet<&str> = levels.pictures.iter().filter_map(Placed::person).collect();
    if !persons.is_empty() {
        let names: Vec<&str> = persons.into_iter().collect();
        listing.caveats.push(format!("a level of folders was taken as {} people ({})", names.len(), in_short(&names)));
    }
    let mut spellings: BTreeMap<&Class, Vec<&str>> = BTreeMap::new();
    for (label, class) in meanings {
        if let Some(class @ Class::Expression(_)) = class {
            spellings.entry(class).or_default().push(label);
        }
    }
    let several: Vec<String> = spellings
        .into_iter()
        .filter(|(_, labels)| labels.len() > 1)
        .map(|(class, labels)| format!("{} = {}", labels.join(" = "), class.name()))
        .collect();
    if !several.is_empty() {
        listing.caveats.push(format!("labels of the same expression are one class: {}", in_short(&several)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Reason;
    use crate::source_settings::SourceSettings;
    use crate::tree::tests::tree_of;

    fn request() -> PrepareRequest {
        PrepareRequest::new(vec![], "out".into())
    }

    fn classes(listing: &Listing) -> Vec<&str> {
        listing.found.iter().map(|f| f.class.name()).collect()
    }

    #[test]
    fn folders_of_expressions_and_of_anything_else() {
        let cases: [(&[&str], FolderClasses, &[&str]); 3] = [
            (&["Happy/1.png", "sad/1.png"], FolderClasses::Auto, &["happiness", "sadness"]),
            (&["cat/1.png", "dog/1.png"], FolderClasses::Auto, &["cat", "dog"]),
            (&["Happy/1.png", "dog/1.png"], FolderClasses::Any, &["Happy", "dog"]),
        ];
        for (names, classes_mean, expected) in cases {
            let folder = tree_of(names);
            let listing = list(
                folder.path(),
                &PrepareRequest {
                    settings: SourceSettings { classes: classes_mean, ..SourceSettings::default() },
                    ..request()
                },
            )
            .unwrap();
            assert_eq!(classes(&listing), expected);
        }
    }

    #[test]
    fn the_subject_pattern_finds_the_person_in_the_path() {
        let folder = tree_of(&["train/happy/s01_3.png", "sad/s02_1.png", "sad/other.png"]);
        let pattern = Some(r"/(?<person>s\d+)_".to_owned());
        let listing = list(
            folder.path(),
            &PrepareRequest {
                settings: SourceSettings { subject_pattern: pattern, ..SourceSettings::default() },
                ..request()
            },
        )
        .unwrap();
        let persons: Vec<_> = listing.found.iter().map(|f| f.person.as_deref().unwrap()).collect();
        assert_eq!(persons, ["s02", "s01"]);
        assert_eq!((listing.rejects.len(), listing.rejects[0].reason), (1, Reason::NameNotKnown));
    }
}
