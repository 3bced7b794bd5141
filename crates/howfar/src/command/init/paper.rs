//! `howfar init paper`: the paper's experiments as a study file, for face sets at hand or for drawn stand-ins.
//!
//! In: the folders of face sets, or one folder to draw into. Out: a study file, on stdout or beside the stand-ins. What
//! the numbers of the study mean is `howfar_protocol`'s.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use howfar_face::{FaceSet, Fault, SubjectId, files, portrait_rows};

use crate::command::draw::{Request, draw_unless_there};
use crate::command::init::keep_existing;
use crate::console::Console;

/// Write the paper's experiments (VISAPP 2023) as a study: to stdout for face sets of yours, or with drawn stand-ins.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar init paper --real faces/rafd --real faces/oulu \\
      --unseen faces/mmi --unseen faces/ckplus --generated faces/gan > study.toml
  howfar init paper --drawn stand-ins
  howfar run stand-ins/study.toml --out stand-ins/study

The generated sets need 20 identities for each person of the split: 2,880 as in the paper. The paper's people are 109 \
for training, 10 for validation and 25 for test; other numbers of people are cut in the same proportions.")]
pub struct Args {
    /// A face set of labelled people, in the paper RaFD and Oulu-CASIA; give the option again for each.
    #[arg(long, value_name = "FACES", required_unless_present = "drawn")]
    real: Vec<PathBuf>,
    /// A held-out test database (unseen), in the paper MMI and CK+; give the option again for each.
    #[arg(long, value_name = "FACES", required_unless_present = "drawn")]
    unseen: Vec<PathBuf>,
    /// A face set of generated identities; give the option again for each.
    #[arg(long, value_name = "FACES", required_unless_present = "drawn")]
    generated: Vec<PathBuf>,
    /// Draw stand-ins for every database into this folder and write study.toml there.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["real", "unseen", "generated"])]
    drawn: Option<PathBuf>,
    /// People of the drawn stand-ins for the labelled databases together.
    #[arg(long, default_value_t = 72, requires = "drawn", value_parser = clap::value_parser!(u32).range(12..=144))]
    people: u32,
}

/// The paper's study with `@…@` where the sets go; tests read it as a study.
const TEMPLATE: &str = include_str!("../../../paper.toml");

/// The paper's people: for training, validation and test, of 144.
const PEOPLE: [u32; 3] = [109, 10, 25];

/// Largest k of the paper.
const LARGEST_K: u32 = 20;

/// Writes the study.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    match &args.drawn {
        Some(folder) => with_stand_ins(folder, args.people, console),
        None => for_sets(args, console),
    }
}

/// The study of these sets, to stdout.
fn for_sets(args: &Args, console: &Console) -> Result<(), Fault> {
    let mut people = BTreeSet::new();
    for folder in &args.real {
        people.extend(subjects(folder)?);
    }
    let mut identities = BTreeSet::new();
    for folder in &args.generated {
        identities.extend(subjects(folder)?);
    }
    for folder in &args.unseen {
        FaceSet::open(folder)?;
    }
    let split = split_of(people.len() as u32);
    let needed = LARGEST_K * split.iter().sum::<u32>();
    if identities.len() < needed as usize {
        console.note(&format!(
            "k = {LARGEST_K} needs {needed} generated identities, and the sets have {}: generate more, or take the \
                largest k out of the file",
            identities.len()
        ));
    }
    let text = filled(
        [&args.real, &args.generated, &args.unseen].map(|sets| listed(sets)),
        split,
        5,
        "network = \"table1-same\"",
    );
    console.answer(text.trim_end());
    Ok(())
}

/// Draws a stand-in for each database and writes the study beside them.
fn with_stand_ins(folder: &Path, n_people: u32, console: &Console) -> Result<(), Fault> {
    let study = folder.join("study.toml");
    keep_existing(&study, "another folder")?;
    let split = split_of(n_people);
    // As in the paper, generated faces are easier than labelled ones, and of two unseen databases one is nearer to them
    // than the other. The first has 67 of 147 people, as RaFD has beside Oulu-CASIA.
    let first = (n_people * 67).div_ceil(147);
    let generated = LARGEST_K * split.iter().sum::<u32>();
    let sets = [
        ("labelled-a", "wild", first, 11),
        ("labelled-b", "wild", n_people - first, 12),
        ("generated", "studio", generated, 13),
        ("far", "unseen", n_people, 14),
        ("near", "wild", n_people, 15),
    ];
    for (name, style, people, seed) in sets {
        let out = folder.join("faces").join(name);
        draw_unless_there(&Request { name: Some(name), ..Request::plain(people, style, seed, &out) }, console)?;
    }
    let listed = |names: &[&str]| listed(&names.iter().map(|name| Path::new("faces").join(name)).collect::<Vec<_>>());
    let sets = [listed(&["labelled-a", "labelled-b"]), listed(&["generated"]), listed(&["far", "near"])];
    let train = "network = \"compact\"\nlearning_rate = 1e-3          # for the small network; the recipe has 1e-4";
    files::write(&study, filled(sets, split, 3, train).as_bytes())?;
    console.note(&format!("wrote {}; next: howfar run {0} --out {}", study.display(), folder.display()));
    Ok(())
}

fn subjects(folder: &Path) -> Result<BTreeSet<SubjectId>, Fault> {
    Ok(portrait_rows(&FaceSet::open(folder)?)?.into_keys().collect())
}

/// The paper's own numbers, or its proportions of another number of people.
fn split_of(n_people: u32) -> [u32; 3] {
    let paper: u32 = PEOPLE.iter().sum();
    if n_people >= paper {
        return PEOPLE;
    }
    let share = |part: u32| (n_people * part + paper / 2) / paper;
    let [validation, test] = [share(PEOPLE[1]).max(1), share(PEOPLE[2]).max(1)];
    [n_people.saturating_sub(validation + test).max(1), validation, test]
}

/// A TOML list of paths.
fn listed(sets: &[PathBuf]) -> String {
    // A string of JSON is one of TOML, too.
    let quoted = sets.iter().map(|set| serde_json::Value::from(set.display().to_string()).to_string());
    format!("[{}]", quoted.collect::<Vec<_>>().join(", "))
}

fn filled([real, generated, unseen]: [String; 3], split: [u32; 3], seeds: u32, train: &str) -> String {
    let [training, validation, test] = split;
    TEMPLATE
        .replace("@REAL@", &real)
        .replace("@GENERATED@", &generated)
        .replace("@UNSEEN@", &unseen)
        .replace("@SPLIT@", &format!("split = {{ train = {training}, validation = {validation}, test = {test} }}"))
        .replace("@SEEDS@", &seeds.to_string())
        .replace("@TRAIN@", train)
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_protocol::Study;

    #[test]
    fn the_file_is_a_study_of_the_sets_that_were_named() {
        let sets = ["faces/rafd", "C:\\with \"quotes\"", "c"].map(|set| listed(&[PathBuf::from(set)]));
        let study = Study::parse(&filled(sets, split_of(147), 5, ""), "study.toml").unwrap();
        assert_eq!(study.generated.sets, [PathBuf::from("C:\\with \"quotes\"")]);
        assert_eq!(
            study.grid.k.iter().map(|k| k.value()).collect::<Vec<_>>(),
            [0., 1., 2., 3., 4., 5., 6., 10., 15., 20.]
        );
        assert_eq!(study.protocol, howfar_protocol::Protocol::Paper);
    }

    #[test]
    fn other_numbers_of_people_are_cut_in_the_papers_proportions() {
        for (people, expected) in
            [(147, [109, 10, 25]), (144, [109, 10, 25]), (72, [54, 5, 13]), (12, [9, 1, 2]), (1, [1, 1, 1])]
        {
            assert_eq!(split_of(people), expected, "{people}");
        }
    }
}
