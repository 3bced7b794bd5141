//! What takes several rows of a table to see: rows that stand twice, people on two sides, faces that one cell of a pair
//! lacks, sets that are two things, models without a baseline.
//!
//! In: [`Rows`]. Out: what each set is, or a fault that names the rows.

use std::collections::BTreeMap;

use howfar_face::Fault;
use howfar_protocol::{Part, Role, Treatment};

use super::rows::{CellKey, CellRows, Rows};

/// Parts whose faces judge or choose: all cells of a pair must have the same of them, each once.
const JUDGED: [Part; 4] = [Part::Validation, Part::Test, Part::Choosing, Part::Unseen];
/// Sides that nobody may be on both of, within a split and a seed.
const APART: [(Part, Part); 13] = [
    (Part::Training, Part::Validation),
    (Part::Training, Part::Test),
    (Part::Training, Part::Choosing),
    (Part::Training, Part::Unseen),
    (Part::Generated, Part::Validation),
    (Part::Generated, Part::Test),
    (Part::Generated, Part::Choosing),
    (Part::Generated, Part::Unseen),
    (Part::Validation, Part::Test),
    (Part::Validation, Part::Unseen),
    (Part::Test, Part::Choosing),
    (Part::Test, Part::Unseen),
    (Part::Choosing, Part::Unseen),
];
/// Sides that nobody may be on both of in any splits and seeds: other databases have other people.
const ALWAYS_APART: [(Part, Part); 6] = [
    (Part::Training, Part::Unseen),
    (Part::Generated, Part::Unseen),
    (Part::Validation, Part::Unseen),
    (Part::Test, Part::Unseen),
    (Part::Test, Part::Choosing),
    (Part::Choosing, Part::Unseen),
];

/// Refuses what makes figures mean something else; what each set is to the study.
pub(super) fn check(rows: &Rows) -> Result<Vec<Role>, Fault> {
    check_baselines(rows)?;
    let roles = roles(rows)?;
    rows.cells.iter().try_for_each(|cell| check_once(rows, cell))?;
    check_sides(rows)?;
    check_pairs(rows)?;
    Ok(roles)
}

/// `mix, k = 2, split 0, seed 1`, with the model where there are several.
fn words(rows: &Rows, key: &CellKey) -> String {
    let CellKey { model, treatment, split_idx, seed_idx } = key;
    let model = if rows.models.len() > 1 { format!("{}: ", rows.models[*model]) } else { String::new() };
    format!("{model}{treatment}, split {split_idx}, seed {seed_idx}")
}

fn check_baselines(rows: &Rows) -> Result<(), Fault> {
    for (model, name) in rows.models.iter().enumerate() {
        let mut of_model = rows.cells.iter().filter(|cell| cell.key.model == model);
        if !of_model.any(|cell| cell.key.treatment == Treatment::BASELINE) {
            let of = if rows.models.len() > 1 { format!(" of the model {name}") } else { String::new() };
            return Err(Fault::data(rows.places.path().display(), format!("the table has no baseline{of}"))
                .expected("rows with arm = real and k = 0: the same model trained on labelled faces alone")
                .hint("a gain is a gain over that"));
        }
    }
    Ok(())
}

/// What a part makes of the set of its faces. In cells that leave a labelled set out, its people choose.
fn role(part: Part, is_left_out: bool) -> Role {
    match part {
        Part::Training | Part::Validation | Part::Test => Role::Labelled,
        Part::Generated | Part::GeneratedTest => Role::Generated,
        Part::Choosing if is_left_out => Role::Labelled,
        Part::Choosing => Role::Choosing,
        Part::Unseen => Role::Unseen,
    }
}

fn roles(rows: &Rows) -> Result<Vec<Role>, Fault> {
    let mut roles: Vec<Option<(Role, Part, u32)>> = vec![None; rows.sets.len()];
    for cell in &rows.cells {
        let is_left_out = cell.key.treatment.left_out.is_some();
        for row in 0..cell.len() {
            let (part, set) = (cell.parts[row], rows.faces[cell.faces[row] as usize].set as usize);
            let own = role(part, is_left_out);
            let (first, of, number) = *roles[set].get_or_insert((own, part, cell.numbers[row]));
            if first != own {
                let place =
                    |part: Part, number: u32| format!("{} in {}", part.name(), rows.places.short(u64::from(number)));
                return Err(Fault::data(
                    rows.places.path().display(),
                    format!("the set {} is two things", rows.sets[set]),
                )
                .found(format!("{}, {}", place(of, number), place(part, cell.numbers[row])))
                .expected("a set that is labelled (training, validation, test), generated, choosing or unseen")
                .hint(
                    "what is trained on does not judge as an unseen database: give its parts sets of their own \
                           only if nobody is in both",
                ));
            }
        }
    }
    Ok(roles.into_iter().map(|role| role.map_or(Role::Labelled, |(role, ..)| role)).collect())
}

/// A face judges a cell once in each part. Training sets may have it several times.
fn check_once(rows: &Rows, cell: &CellRows) -> Result<(), Fault> {
    let seen = sorted(cell);
    let Some(pair) = seen.windows(2).find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) else {
        return Ok(());
    };
    let (part, face, first) = pair[0];
    let face = &rows.faces[face as usize];
    Err(Fault::data(rows.places.at(u64::from(pair[1].2)), "a row stands twice")
        .found(format!(
            "{}, {} face {} of {}, as in {}",
            words(rows, &cell.key),
            part.name(),
            face.name,
            rows.sets[face.set as usize],
            rows.places.short(u64::from(first))
        ))
        .expected("each face once in each part of a cell"))
}

/// Part, face and row number of the rows that judge.
fn sorted(cell: &CellRows) -> Vec<(Part, u32, u32)> {
    let judges = |row: &usize| JUDGED.contains(&cell.parts[*row]);
    let of_row = |row: usize| (cell.parts[row], cell.faces[row], cell.numbers[row]);
    let mut all: Vec<_> = (0..cell.len()).filter(judges).map(of_row).collect();
    all.sort_unstable();
    all
}

fn bit(part: Part) -> u8 {
    1 << Part::ALL.iter().position(|other| *other == part).unwrap_or(0)
}

/// Nobody is on two sides: within a split and seed, and nobody of an unseen or choosing set anywhere else.
fn check_sides(rows: &Rows) -> Result<(), Fault> {
    let mut groups: BTreeMap<(u32, u32, Option<&str>), Vec<&CellRows>> = BTreeMap::new();
    for cell in &rows.cells {
        let CellKey { treatment, split_idx, seed_idx, .. } = &cell.key;
        groups.entry((*split_idx, *seed_idx, treatment.left_out.as_deref())).or_default().push(cell);
    }
    let mut sides = vec![0_u8; rows.people.len()];
    for cells in groups.values() {
        each_row(rows, cells, |person, part, _| sides[person] |= bit(part));
        refuse(rows, cells, &sides, &APART)?;
        each_row(rows, cells, |person, _, _| sides[person] = 0);
    }
    let is_whole = |cell: &&CellRows| cell.key.treatment.left_out.is_none();
    let all: Vec<&CellRows> = rows.cells.iter().filter(is_whole).collect();
    each_row(rows, &all, |person, part, _| sides[person] |= bit(part));
    refuse(rows, &all, &sides, &ALWAYS_APART)
}

fn each_row(rows: &Rows, cells: &[&CellRows], mut each: impl FnMut(usize, Part, u32)) {
    for cell in cells {
        for row in 0..cell.len() {
            each(rows.faces[cell.faces[row] as usize].person as usize, cell.parts[row], cell.numbers[row]);
        }
    }
}

fn refuse(rows: &Rows, cells: &[&CellRows], sides: &[u8], apart: &[(Part, Part)]) -> Result<(), Fault> {
    let both = |of: &u8| apart.iter().find(|(a, b)| of & bit(*a) > 0 && of & bit(*b) > 0);
    let Some((person, (one, other))) = sides.iter().enumerate().find_map(|(person, of)| Some((person, both(of)?)))
    else {
        return Ok(());
    };
    let mut first = [None, None];
    each_row(rows, cells, |who, part, number| {
        if who == person {
            let side = [*one, *other].iter().position(|side| *side == part);
            if let Some(side) = side {
                first[side].get_or_insert(number);
            }
        }
    });
    let place = |part: &Part, number: Option<u32>| {
        format!("{} in {}", part.name(), rows.places.short(u64::from(number.unwrap_or(0))))
    };
    let subject = &rows.people[person].subject;
    Err(Fault::data(rows.places.path().display(), format!("a person is on two sides: {}", subject.person()))
        .found(format!("{}, {}", place(one, first[0]), place(other, first[1])))
        .expected("people who judge or choose and are never trained on")
        .hint("where two databases call other people alike, write database:person in the column `person`"))
}

/// The cells of a split and seed judge the same faces, so that differences are paired.
fn check_pairs(rows: &Rows) -> Result<(), Fault> {
    let mut firsts: BTreeMap<(usize, u32, u32, Option<&str>), &CellRows> = BTreeMap::new();
    for cell in &rows.cells {
        let CellKey { model, treatment, split_idx, seed_idx } = &cell.key;
        let first = *firsts.entry((*model, *split_idx, *seed_idx, treatment.left_out.as_deref())).or_insert(cell);
        if std::ptr::eq(first, cell) {
            continue;
        }
        let (a, b) = (sorted(first), sorted(cell));
        let at = |(part, face, _): &(Part, u32, u32)| (*part, *face);
        let n_alike = a.iter().zip(&b).take_while(|(a, b)| at(a) == at(b)).count();
        let (a, b) = (a.get(n_alike), b.get(n_alike));
        let (has, lacks, row) = match (a, b) {
            (None, None) => continue,
            (Some(a), Some(b)) if at(a) < at(b) => (first, cell, a),
            (Some(a), None) => (first, cell, a),
            (_, Some(b)) => (cell, first, b),
        };
        let face = &rows.faces[row.1 as usize];
        return Err(Fault::data(rows.places.path().display(), "two cells of one split and seed judge other faces")
            .found(format!(
                "{} face {} of {} is in {} ({}) and not in {}",
                row.0.name(),
                face.name,
                rows.sets[face.set as usize],
                words(rows, &has.key),
                rows.places.short(u64::from(row.2)),
                words(rows, &lacks.key)
            ))
            .expected("every face that validates, tests, chooses or is unseen in all cells of its split and seed")
            .hint("differences are paired face by face: predict it with that model too, or leave it out of all"));
    }
    Ok(())
}
