//! What each level of a tree of pictures is: parts, wrappers, classes, persons.
//!
//! In: the files of a tree, and what counts as the name of a class. Out: for each picture the folder that is its class
//! and the one that is its person, and the levels in words. Does not know which expression a class is, and decides
//! nothing that the names do not say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::folder_words::{is_group, is_person_number, is_split};
use crate::picture_file::is_picture;
use crate::tree::{Tree, TreeFile};

/// Names shown of a level.
const SHOWN: usize = 6;

/// What the folders of a level are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LevelKind {
    /// Parts of a database: `train`, `fold_1`, `images`.
    Split,
    /// One folder around everything.
    Wrapper,
    /// Classes.
    Class,
    /// Persons.
    Person,
    /// Anything else; it says nothing of a picture.
    Other,
}

impl fmt::Display for LevelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            LevelKind::Split => "parts",
            LevelKind::Wrapper => "wrapper",
            LevelKind::Class => "classes",
            LevelKind::Person => "people",
            LevelKind::Other => "other",
        })
    }
}

/// A level of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Level {
    /// 1 for the folders that lie in the one that was given.
    pub level: usize,
    /// What most of its folders are.
    pub kind: LevelKind,
    /// Different names of folders with pictures below them.
    pub n_folders: usize,
    /// The first names.
    pub names: Vec<String>,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.n_folders > self.names.len() { ", …" } else { "" };
        let word = if self.n_folders == 1 { "name " } else { "names" };
        write!(
            f,
            "level {}  {:7}  {:>5} {word}  {}{more}",
            self.level,
            self.kind,
            self.n_folders,
            self.names.join(", ")
        )
    }
}

/// A picture and what its folders are.
#[derive(Debug, Clone)]
pub(crate) struct Placed<'t> {
    pub file: &'t TreeFile,
    folders: Vec<(&'t str, LevelKind)>,
}

impl<'t> Placed<'t> {
    /// The folder that is its class.
    pub(crate) fn class(&self) -> Option<&'t str> {
        self.folder(LevelKind::Class)
    }

    /// The folder that is its person.
    pub(crate) fn person(&self) -> Option<&'t str> {
        self.folder(LevelKind::Person)
    }

    fn folder(&self, kind: LevelKind) -> Option<&'t str> {
        self.folders.iter().find(|(_, k)| *k == kind).map(|(name, _)| *name)
    }
}

/// How the level of the classes was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClassLevel {
    /// Most names are names of classes.
    ByName,
    /// It is the only level of folders, whatever their names.
    TheOnlyOne,
    /// The user said so.
    Told,
    /// There are several levels, none of them of names of classes.
    Unknown,
}

/// A tree of pictures, understood.
#[derive(Debug)]
pub(crate) struct Levels<'t> {
    pub pictures: Vec<Placed<'t>>,
    pub class_level: ClassLevel,
    /// Names at the level of the classes below which no picture lies.
    pub without_pictures: BTreeSet<&'t str>,
}

impl<'t> Levels<'t> {
    /// Understands the pictures of a tree that `keep` lets through. `knows` says whether a name is that of a class;
    /// `told` is the level of the classes where the user has said it, 1 for the outermost.
    pub(crate) fn find(
        tree: &'t Tree,
        keep: impl Fn(&TreeFile) -> bool,
        knows: &dyn Fn(&str) -> bool,
        told: Option<usize>,
    ) -> Self {
        let (pictures, others): (Vec<&TreeFile>, Vec<&TreeFile>) =
            tree.files.iter().filter(|file| keep(file)).partition(|file| is_picture(&file.path));
        // Asked once for each name, not for each picture.
        let names: BTreeSet<&str> =
            tree.files.iter().flat_map(TreeFile::folders).chain(tree.empty.iter().flat_map(|p| p.split('/'))).collect();
        let splits: BTreeSet<&str> = names.iter().copied().filter(|name| is_split(name)).collect();
        let known: BTreeSet<&str> = names.into_iter().filter(|name| knows(name)).collect();
        let knows: &dyn Fn(&str) -> bool = &|name| known.contains(name);
        let placed = |file: &'t TreeFile| Placed { file, folders: kinds_of(file.folders(), &splits) };
        let mut pictures: Vec<Placed<'_>> = pictures.into_iter().map(placed).collect();
        mark_wrappers(&mut pictures, knows);
        let n_wrappers = pictures.first().map_or(0, |p| p.folders.iter().filter(|f| f.1 == LevelKind::Wrapper).count());
        let (class_level, place) = match told {
            Some(level) => (ClassLevel::Told, ClassPlace::Depth(level - 1)),
            None => match level_by_name(&pictures, knows) {
                Some(at) => (ClassLevel::ByName, ClassPlace::Open(at)),
                None if is_only_level(&pictures) => (ClassLevel::TheOnlyOne, ClassPlace::Open(0)),
                None => (ClassLevel::Unknown, ClassPlace::Nowhere),
            },
        };
        for picture in &mut pictures {
            place.mark(&mut picture.folders, knows);
        }
        if matches!(class_level, ClassLevel::ByName | ClassLevel::Told) {
            mark_persons(&mut pictures);
        }
        let with_pictures: BTreeSet<&str> = pictures.iter().filter_map(Placed::class).collect();
        let bare = others.iter().map(|file| file.folders()).chain(tree.empty.iter().map(|p| p.split('/').collect()));
        let without_pictures = bare
            .filter_map(|folders| {
                let mut folders = kinds_of(folders, &splits);
                folders
                    .iter_mut()
                    .filter(|f| f.1 == LevelKind::Other)
                    .take(n_wrappers)
                    .for_each(|f| f.1 = LevelKind::Wrapper);
                place.mark(&mut folders, knows);
                folders.into_iter().find(|f| f.1 == LevelKind::Class).map(|f| f.0)
            })
            .filter(|name| !with_pictures.contains(name))
            .collect();
        Levels { pictures, class_level, without_pictures }
    }

    /// Takes no level for this kind any more, where a pattern says what its folders would.
    pub(crate) fn forget(&mut self, kind: LevelKind) {
        for picture in &mut self.pictures {
            picture.folders.iter_mut().filter(|f| f.1 == kind).for_each(|f| f.1 = LevelKind::Other);
        }
    }

    /// The levels in words.
    pub(crate) fn in_words(&self) -> Vec<Level> {
        let mut levels: Vec<(BTreeSet<&str>, BTreeMap<LevelKind, u64>)> = Vec::new();
        for picture in &self.pictures {
            levels.resize_with(levels.len().max(picture.folders.len()), Default::default);
            for ((names, kinds), (name, kind)) in levels.iter_mut().zip(&picture.folders) {
                names.insert(name);
                *kinds.entry(*kind).or_default() += 1;
            }
        }
        let in_words = |(i, (names, kinds)): (usize, (BTreeSet<&str>, BTreeMap<LevelKind, u64>))| Level {
            level: i + 1,
            kind: kinds
                .into_iter()
                .max_by_key(|(kind, n)| (*n, std::cmp::Reverse(*kind)))
                .map_or(LevelKind::Other, |k| k.0),
            n_folders: names.len(),
            names: names.into_iter().take(SHOWN).map(str::to_owned).collect(),
        };
        levels.into_iter().enumerate().map(in_words).collect()
    }
}

fn kinds_of<'t>(folders: Vec<&'t str>, splits: &BTreeSet<&str>) -> Vec<(&'t str, LevelKind)> {
    let kind = |name: &str| if splits.contains(name) { LevelKind::Split } else { LevelKind::Other };
    folders.into_iter().map(|name| (name, kind(name))).collect()
}

/// The folders of a path that may be classes or persons.
fn open<'p, 't>(folders: &'p [(&'t str, LevelKind)]) -> impl Iterator<Item = &'t str> + use<'p, 't> {
    folders.iter().filter(|f| f.1 == LevelKind::Other).map(|f| f.0)
}

/// Marks the folders that everything lies in: one name, no picture beside it, more folders below it, no class.
fn mark_wrappers(pictures: &mut [Placed<'_>], knows: &dyn Fn(&str) -> bool) {
    while let Some(first) = pictures.first().and_then(|p| open(&p.folders).next())
        && !knows(first)
        && pictures.iter().all(|p| open(&p.folders).next() == Some(first))
        && pictures.iter().any(|p| open(&p.folders).nth(1).is_some())
    {
        for picture in pictures.iter_mut() {
            if let Some(folder) = picture.folders.iter_mut().find(|f| f.1 == LevelKind::Other) {
                folder.1 = LevelKind::Wrapper;
            }
        }
    }
}

/// The different names of each open level, outermost first.
fn open_levels<'t>(pictures: &[Placed<'t>]) -> Vec<BTreeSet<&'t str>> {
    let mut levels: Vec<BTreeSet<&str>> = Vec::new();
    for picture in pictures {
        for (at, name) in open(&picture.folders).enumerate() {
            levels.resize_with(levels.len().max(at + 1), BTreeSet::new);
            levels[at].insert(name);
        }
    }
    levels
}

/// The open level with the largest share of names of classes: two of them, or one that is half of the names.
fn level_by_name(pictures: &[Placed<'_>], knows: &dyn Fn(&str) -> bool) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for (at, names) in open_levels(pictures).iter().enumerate() {
        let n_known = names.iter().filter(|name| knows(name)).count();
        let share = n_known as f64 / names.len().max(1) as f64;
        let is_level = n_known >= 2 || (n_known == 1 && share >= 0.5);
        if is_level && best.is_none_or(|(most, _)| share > most) {
            best = Some((share, at));
        }
    }
    best.map(|(_, at)| at)
}

/// Whether each folder of the outermost open level holds pictures itself.
fn is_only_level(pictures: &[Placed<'_>]) -> bool {
    let outermost: BTreeSet<&str> = pictures.iter().filter_map(|p| open(&p.folders).next()).collect();
    let with_pictures: BTreeSet<&str> =
        pictures.iter().filter(|p| open(&p.folders).count() == 1).filter_map(|p| open(&p.folders).next()).collect();
    !outermost.is_empty() && outermost == with_pictures
}

/// Where in a path the class stands.
#[derive(Debug, Clone, Copy)]
enum ClassPlace {
    /// So many folders from the outermost, whatever they are.
    Depth(usize),
    /// So many open folders from the outermost.
    Open(usize),
    Nowhere,
}

impl ClassPlace {
    /// Marks the class of a path. A path that is shorter or longer than the others has its one known name as its class.
    fn mark(self, folders: &mut [(&str, LevelKind)], knows: &dyn Fn(&str) -> bool) {
        let at = match self {
            ClassPlace::Nowhere => None,
            ClassPlace::Depth(depth) => (depth < folders.len()).then_some(depth),
            ClassPlace::Open(at) => {
                let open: Vec<usize> = (0..folders.len()).filter(|i| folders[*i].1 == LevelKind::Other).collect();
                let known: Vec<usize> = open.iter().copied().filter(|i| knows(folders[*i].0)).collect();
                match (open.get(at), &known[..]) {
                    (Some(i), _) if knows(folders[*i].0) => Some(*i),
                    (_, [only]) => Some(*only),
                    (here, _) => here.copied(),
                }
            }
        };
        if let Some(folder) = at.and_then(|i| folders.get_mut(i)) {
            folder.1 = LevelKind::Class;
        }
    }
}

/// Marks the level of the persons: of several open levels the one of persons' numbers, else the outermost. One name is
/// nobody's, and names of lights, views and sequences are none of persons.
fn mark_persons(pictures: &mut [Placed<'_>]) {
    let levels = open_levels(pictures);
    let most = |names: &BTreeSet<&str>, is: fn(&str) -> bool| 2 * names.iter().filter(|n| is(n)).count() > names.len();
    let possible = || levels.iter().enumerate().filter(|(_, names)| names.len() > 1 && !most(names, is_group));
    let numbered = possible().find(|(_, names)| most(names, is_person_number));
    let Some((at, _)) = numbered.or_else(|| possible().next()) else { return };
    for picture in pictures {
        if let Some(folder) = picture.folders.iter_mut().filter(|f| f.1 == LevelKind::Other).nth(at) {
            folder.1 = LevelKind::Person;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::tree_of;
    use howfar_face::Expression;

    fn is_expression(name: &str) -> bool {
        Expression::from_word(name).is_some()
    }

    #[test]
    fn each_level_is_what_its_names_say() {
        use LevelKind::{Class, Other, Person, Split, Wrapper};
        let cases: [(&[&str], &[LevelKind]); 9] = [
            (&["anger/1.png", "fear/2.png"], &[Class]),
            (&["train/anger/1.png", "test/fear/2.png"], &[Split, Class]),
            (&["CK+48/anger/1.png", "CK+48/fear/2.png"], &[Wrapper, Class]),
            (&["001/anger/1.png", "002/fear/2.png"], &[Person, Class]),
            (&["anger/001/1.png", "fear/002/2.png"], &[Class, Person]),
            (
                &["x/train/S01/anger/images/1.png", "x/val/S02/fear/images/2.png"],
                &[Wrapper, Split, Person, Class, Split],
            ),
            (&["VL/Strong/P001/Anger/1.png", "NI/Weak/P002/Fear/1.png"], &[Other, Other, Person, Class]),
            (&["S1/01/anger/1.png", "S2/02/fear/1.png"], &[Person, Other, Class]),
            (&["cat/1.png", "dog/1.png"], &[Class]),
        ];
        for (names, expected) in cases {
            let folder = tree_of(names);
            let tree = Tree::read(folder.path()).unwrap();
            let levels = Levels::find(&tree, |_| true, &is_expression, None).in_words();
            assert_eq!(levels.iter().map(|l| l.kind).collect::<Vec<_>>(), expected, "{names:?}");
        }
    }

    #[test]
    fn without_names_of_classes_a_single_level_alone_is_understood() {
        use ClassLevel::{ByName, TheOnlyOne, Told, Unknown};
        let cases: [(&[&str], Option<usize>, ClassLevel); 5] = [
            (&["cat/1.png", "dog/1.png"], None, TheOnlyOne),
            (&["a/cat/1.png", "b/dog/1.png"], None, Unknown),
            (&["a/cat/1.png", "b/dog/1.png"], Some(2), Told),
            (&["1.png", "2.png"], None, Unknown),
            (&["a/fear/1.png", "b/dog/1.png"], None, ByName),
        ];
        for (names, told, expected) in cases {
            let folder = tree_of(names);
            let tree = Tree::read(folder.path()).unwrap();
            assert_eq!(Levels::find(&tree, |_| true, &is_expression, told).class_level, expected, "{names:?}");
        }
    }

    #[test]
    fn classes_without_a_picture_are_seen() {
        let folder = tree_of(&["x/anger/1.png", "x/fear/notes.txt", "x/docs/notes.txt"]);
        std::fs::create_dir(folder.path().join("x/sad")).unwrap();
        let tree = Tree::read(folder.path()).unwrap();
        let levels = Levels::find(&tree, |_| true, &is_expression, None);
        assert_eq!(levels.without_pictures.into_iter().collect::<Vec<_>>(), ["docs", "fear", "sad"]);
    }
}
