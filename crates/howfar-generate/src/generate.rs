//! A balanced face set out of two generators: a person, then the same person with every expression.
//!
//! In: weights, people (drawn by StyleGAN2 or taken from a face set), a seed. Out: a face set with lineage: whose face
//! each was made from, and everyone whom the generators have seen. Faces are written as they come; stopped or killed,
//! the same request goes on and ends with the same bytes.

use std::ops::ControlFlow;

use howfar_face::{FaceSet, FaceSetWriter, Fault};
use serde::{Deserialize, Serialize};

use crate::card::info;
use crate::plan::Plan;
use crate::request::GenerateRequest;
use crate::screen::LeftOut;

/// People that go through the networks together; part of the bits, so it does not depend on the machine.
const PEOPLE_AT_ONCE: u64 = 4;
/// People that are tried before a screen is called too strict.
const FEWEST_TRIED: u64 = 50;
/// People that may be tried for one who passes.
const MOST_TRIED: u64 = 10;

/// A generated set.
#[derive(Debug)]
pub struct Generated {
    /// The faces.
    pub set: FaceSet,
    /// People whose faces are in the set.
    pub n_people: u64,
    /// Those who were left out on the way.
    pub left_out: LeftOut,
}

impl Generated {
    /// What the screening did, in a sentence.
    pub fn screened(&self) -> String {
        screened(self.n_people, &self.left_out)
    }
}

/// How far a generation is; kept beside the faces, so that a stopped one finds its place.
#[derive(Serialize, Deserialize)]
struct Place {
    /// Number of the person whose faces were written last.
    person: u64,
    /// People of lower numbers who were left out.
    left_out: LeftOut,
}

/// Generates, or goes on generating. `tell` hears how many faces there are, of how many, and may break.
pub fn generate(
    request: &GenerateRequest<'_>,
    tell: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Generated, Fault> {
    let plan = Plan::new(request)?;
    let info = info(request, &plan)?;
    let n_shown = plan.shown.len() as u64;
    // Weights, versions or machines that draw other faces must not go on with what is there.
    let mut probe = String::new();
    plan.identities.for_each(0, 1.min(plan.n_people), PEOPLE_AT_ONCE, &mut |group| {
        probe = plan.faces(&group)?.iter().map(|face| face.picture.sha256()).collect();
        Ok(ControlFlow::Break(()))
    })?;
    // What an older version left has no note of its place: it is another request.
    let asked = format!("faces with a note of the last person\n{probe}");
    let mut writer = FaceSetWriter::resume(request.out, info, request.sizes, &asked)?;
    let found: Option<Place> = writer.note().and_then(|note| serde_json::from_str(note).ok());
    let n_begun = writer.n_faces() % n_shown;
    let begin = found.as_ref().map_or(0, |place| if n_begun > 0 { place.person } else { place.person + 1 });
    let mut left_out = found.map_or_else(LeftOut::default, |place| place.left_out);
    let mut n_people = writer.n_faces() / n_shown;
    let mut stopped = false;
    let end = if request.screen.is_some() && request.from.is_none() { u64::MAX / 2 } else { plan.n_candidates };
    let is_done = |n_people: u64| n_people == plan.n_people;
    if !is_done(n_people) {
        plan.identities.for_each(begin, end, PEOPLE_AT_ONCE, &mut |group| {
            let faces = plan.faces(&group)?;
            for (person, faces) in group.iter().map(|p| p.number).zip(faces.chunks(plan.shown.len())) {
                if person < begin || is_done(n_people) {
                    continue;
                }
                if let Some(reason) = request.screen.and_then(|screen| screen.reason(faces)) {
                    left_out.add(reason);
                    check_share(n_people, person + 1, &left_out)?;
                    continue;
                }
                let place = Place { person, left_out: left_out.clone() };
                writer.set_note(serde_json::to_string(&place).expect("numbers and words are plain data"));
                let n_there = if person == begin { n_begun } else { 0 };
                faces[n_there as usize..].iter().try_for_each(|face| writer.push(face))?;
                n_people += 1;
            }
            stopped = tell(writer.n_faces(), plan.n_people * n_shown).is_break();
            let goes_on = !stopped && !is_done(n_people);
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
    }
    if stopped && !is_done(n_people) {
        let n_faces = plan.n_people * n_shown;
        return Err(Fault::interrupted(format!("{} of {n_faces} faces were generated", writer.n_faces()))
            .hint("run the same command again: it goes on"));
    }
    if request.screen.is_some() {
        writer.add_caveat(screened(n_people, &left_out));
    }
    Ok(Generated { set: writer.finish()?, n_people, left_out })
}

/// Stops where hardly anybody passes the screen: the networks, or the screen, do not fit these faces.
fn check_share(n_people: u64, n_tried: u64, left_out: &LeftOut) -> Result<(), Fault> {
    if n_tried < FEWEST_TRIED || n_people * MOST_TRIED >= n_tried {
        return Ok(());
    }
    Err(Fault::data("--screen", "hardly anybody is left")
        .found(format!("{n_people} of {n_tried} people; {left_out}"))
        .expected(format!("at least 1 in {MOST_TRIED}"))
        .hint("look at a sheet of what is generated without --screen"))
}

/// What the screening did, for readers of the set.
fn screened(n_people: u64, left_out: &LeftOut) -> String {
    let n_out = left_out.n_people();
    let why = if n_out > 0 { format!(": {left_out}") } else { String::new() };
    format!("Screened: {n_out} of {} people were left out{why}.", n_people + n_out)
}
