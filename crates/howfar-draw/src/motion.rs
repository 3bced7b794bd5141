//! From action units to displaced landmarks: measured displacements with gains, and what the measurements lack.
//!
//! In: a person at rest and the actions of one picture. Out: displacements of the 68 landmarks, by the jaw and by
//! muscles. Who plays an expression moves by constants that were found by trial against pictures and an independent
//! judge of expressions; who acts as people do moves as was measured on them. A bump of skin or a furrow is the
//! business of `displacement`.

use crate::actions::Actions;
use crate::anthropometry::{BROWS, Landmarks, N_LANDMARKS};
use crate::head::HeadModel;
use crate::person::{LIP_PAIRS, Manner, Person, shift_both};

/// Factors on the measured displacements, which are too weak to be read at 64 pixels: action unit, gain.
const GAINS: [(u8, f32); 10] =
    [(4, 1.6), (5, 1.4), (7, 1.8), (10, 1.1), (12, 1.1), (15, 1.8), (17, 1.1), (20, 1.7), (25, 1.2), (43, 1.9)];
/// AU9 lifts the upper lip through the nose's wings, by less than AU10 does of its own: share of the measured lift.
const NOSE_TO_LIP: f32 = 0.75;
/// Gap left between lips that nothing opens: slightly below zero, so that one lip closes over the other.
const CLOSED_GAP: f32 = -0.004;

/// Where a brow's way down ends: its landmark, the landmarks of the upper lid below it, and the height above them in
/// eye distances. The left half of the picture; brows mirror as 43 − k, lids as 81 − k.
const BROW_ENDS: [(usize, [usize; 2], f32); 5] =
    [(17, [36, 37], 0.1), (18, [37, 37], 0.05), (19, [37, 38], -0.02), (20, [38, 38], -0.11), (21, [38, 39], -0.18)];

/// Above this intensity an action unit has done away with the rest position that it replaces; below, in part, so that a
/// rising expression does not jump.
const ONSET: f32 = 0.15;

pub(crate) fn onset(intensity: f32) -> f32 {
    (intensity / ONSET).clamp(0.0, 1.0)
}

/// Wide-open resting eyes look surprised: lids hang a little unless they are raised.
pub(crate) fn resting_lid(person: &Person, actions: &Actions) -> f32 {
    person.resting_lid * (1.0 - onset(actions.of(5)))
}

fn gain(au: u8) -> f32 {
    GAINS.iter().find(|(n, _)| *n == au).map_or(1.0, |(_, gain)| *gain)
}

/// Adds what a unit moves on both sides, times a factor of each landmark.
fn add_moves(to: &mut Landmarks, moves: &Landmarks, sides: [f32; 2], head: &HeadModel, factor: impl Fn(usize) -> f32) {
    for (k, (to, moves)) in to.iter_mut().zip(moves).enumerate() {
        let right = head.right_side[k];
        let amount = factor(k) * (sides[0] * (1.0 - right) + sides[1] * right);
        (0..3).for_each(|axis| to[axis] += amount * moves[axis]);
    }
}

/// Displacements of the landmarks in one picture.
#[derive(Debug, Clone)]
pub(crate) struct Motion {
    /// By the jaw: smooth over the lower face.
    pub jaw: Landmarks,
    /// By muscles: local.
    pub muscles: Landmarks,
    /// How far the brows were drawn into a V, in units of AU4.
    pub brow_v: f32,
}

impl Motion {
    pub fn new(head: &HeadModel, person: &Person, actions: &Actions) -> Self {
        let mut motion = Motion { jaw: [[0.0; 3]; N_LANDMARKS], muscles: [[0.0; 3]; N_LANDMARKS], brow_v: 0.0 };
        match &person.manner {
            Some(manner) => motion.as_people(head, person, manner, actions),
            None => {
                motion.measured(head, person, actions);
                motion.correct(person, actions);
            }
        }
        motion
    }

    /// What is wanted beyond the shapes of a rig, which have moved the landmarks by `shaped` already.
    pub fn corrections(person: &Person, actions: &Actions, shaped: Landmarks) -> Self {
        let mut motion = Motion { jaw: shaped, muscles: [[0.0; 3]; N_LANDMARKS], brow_v: 0.0 };
        motion.correct(person, actions);
        motion
    }

    /// As photographed people move.
    fn as_people(&mut self, head: &HeadModel, person: &Person, manner: &Manner, actions: &Actions) {
        let lid = resting_lid(person, actions);
        for unit in &head.anthropometry.on_people {
            let mut sides = actions.by_side(unit.au).map(|side| manner.of(unit.au) * unit.effect(side));
            if unit.au == 43 {
                sides = sides.map(|side| lid.max(gain(43) * side));
            }
            let target = if matches!(unit.au, 26 | 27) { &mut self.jaw } else { &mut self.muscles };
            add_moves(target, &unit.moves, sides, head, |_| 1.0);
        }
        // Raised inner brows (AU1) undo the V, wrinkling the nose (AU9) replaces it.
        let (au1, au9) = (actions.of(1).min(1.0), actions.of(9).min(1.0));
        self.brow_v = actions.of(4) * (1.0 - (1.4 * au1).min(1.0)) * (1.0 - 0.9 * au9);
        self.stop_brows(person, 1.0);
        self.meet(person, actions);
    }

    fn correct(&mut self, person: &Person, actions: &Actions) {
        self.brows(person, actions);
        self.mouth(person, actions);
        self.lids(actions);
        self.thin_lips(person, actions);
        self.meet(person, actions);
    }

    /// The landmarks of the acting face.
    pub fn landmarks(&self, person: &Person) -> Landmarks {
        std::array::from_fn(|k| std::array::from_fn(|a| person.landmarks[k][a] + self.jaw[k][a] + self.muscles[k][a]))
    }

    fn measured(&mut self, head: &HeadModel, person: &Person, actions: &Actions) {
        let lid = resting_lid(person, actions);
        for (au, moves) in &head.anthropometry.action_units {
            let mut sides = actions.by_side(*au);
            let gain = gain(*au);
            if *au == 43 {
                sides = sides.map(|s| s.max(lid / gain));
            }
            let gain = if matches!(au, 9 | 10) { gain * person.habits.raise_lip } else { gain };
            let target = if matches!(au, 26 | 27) { &mut self.jaw } else { &mut self.muscles };
            let lip = |k: usize| if *au == 9 && k >= 48 { NOSE_TO_LIP } else { 1.0 };
            add_moves(target, moves, sides, head, |k| lip(k) * gain);
        }
    }

    fn brows(&mut self, person: &Person, actions: &Actions) {
        let (au1, au4, au9) = (actions.of(1), actions.of(4), actions.of(9));
        let habits = &person.habits;
        // Anger: the inner ends come down into a V; raised inner brows (AU1) undo it, wrinkling the nose (AU9) replaces
        // it.
        let sad = if actions.any(&[15]) && au9 == 0.0 { 0.4 } else { 1.0 };
        let v = 1.1 * habits.brow_v * au4 * (1.0 - (1.4 * au1).min(1.0)) * (1.0 - 0.9 * au9.min(1.0)) * sad;
        for (k, dx, dy) in [(21, 0.035, -0.115), (20, 0.03, -0.10), (19, 0.02, -0.055), (18, 0.01, -0.015)] {
            shift_both(&mut self.muscles, k, dx * v, dy * v);
        }
        for k in BROWS {
            self.muscles[k][1] -= 0.08 * habits.brow_flat * v;
        }
        // Sadness and fear: inner ends up, outer ends down. Without AU4 a raised brow stays an arch.
        let knit = (au4 + if actions.any(&[27, 26]) && au4 == 0.0 { 0.0 } else { 0.35 }).min(1.0);
        // Fear draws the raised brows together more than it slants them.
        let oblique = 1.6 * habits.oblique * au1.min(1.0) * knit * (1.0 - 0.35 * actions.of(20).min(1.0));
        for (k, dx, dy) in [(21, 0.02, 0.055), (20, 0.015, 0.02), (18, 0.0, -0.035), (17, 0.0, -0.05)] {
            shift_both(&mut self.muscles, k, dx * oblique, dy * oblique);
        }
        for (k, dy) in [(21, -0.09), (20, -0.08), (19, -0.05), (18, -0.02), (17, -0.01)] {
            shift_both(&mut self.muscles, k, 0.0, dy * habits.nose_brow * au9);
        }
        self.brow_v = v;
        // Far from their end they move a little more than asked for, or a weak frown would not be read.
        self.stop_brows(person, 1.3);
    }

    /// Brows come down as far as the bone lets them: the nearer they are to their end, the less they move. `far` is the
    /// factor on what moves them far from it.
    fn stop_brows(&mut self, person: &Person, far: f32) {
        let rest = &person.landmarks;
        for (brow, lids, end) in BROW_ENDS {
            for (k, lids) in [(brow, lids), (43 - brow, lids.map(|lid| 81 - lid))] {
                let lid_y = 0.5 * (rest[lids[0]][1] + rest[lids[1]][1]);
                let room = (rest[k][1] - lid_y - end).max(0.03);
                let drop = -(self.muscles[k][1] + self.jaw[k][1]);
                if drop > 0.0 {
                    self.muscles[k][1] += drop - room * (1.0 - (-far * drop / room).exp());
                }
            }
        }
    }

    fn mouth(&mut self, person: &Person, actions: &Actions) {
        let habits = &person.habits;
        let sneer = actions.of(9).max(actions.of(10));
        self.lift(&[48, 54, 60, 64], -0.05 * habits.corner_drop * sneer);
        // The stretched mouth of fear: flat, corners low, lower teeth bare.
        let stretched = actions.of(20) * habits.stretch_drop;
        self.lift(&[55, 56, 57, 58, 59, 65, 66, 67], -0.07 * stretched);
        self.lift(&[48, 54, 60, 64], -0.05 * stretched);
        for (k, out) in [(48, -1.0), (60, -1.0), (54, 1.0), (64, 1.0)] {
            self.muscles[k][0] += 0.035 * out * stretched;
        }
        if actions.any(&[12]) && actions.any(&[25]) {
            let smile = 0.05 * habits.open_smile * actions.of(12);
            self.lift(&[49, 50, 51, 52, 53, 61, 62, 63], 0.6 * smile);
            self.lift(&[55, 56, 57, 58, 59, 65, 66, 67], -1.1 * smile);
        }
    }

    fn lids(&mut self, actions: &Actions) {
        self.lift(&[37, 38, 43, 44], -0.014 * actions.of(7) - 0.03 * actions.of(9));
        self.lift(&[40, 41, 46, 47], 0.015 * actions.of(9) + 0.012 * actions.of(12));
    }

    fn thin_lips(&mut self, person: &Person, actions: &Actions) {
        let pressed = 0.6 * person.habits.press * (actions.of(23) + actions.of(24)).min(1.2);
        let stretched = actions.of(12) + 0.8 * actions.of(20) + 0.5 * actions.of(9).max(actions.of(10));
        let thinner = (pressed + 0.3 * person.habits.thin_lips * stretched).min(0.75);
        let face = self.landmarks(person);
        for (outer, inner) in LIP_PAIRS {
            self.muscles[outer][1] += thinner * (face[inner][1] - face[outer][1]);
        }
    }

    /// Lips that nothing opens meet, lids and lips never cross.
    fn meet(&mut self, person: &Person, actions: &Actions) {
        let face = self.landmarks(person);
        let closed = 1.0 - onset([16, 25, 26, 27].iter().map(|au| actions.of(*au)).sum());
        for (upper, lower, above, below) in [(61, 67, 50, 58), (62, 66, 51, 57), (63, 65, 52, 56)] {
            let gap = face[upper][1] - face[lower][1] - CLOSED_GAP;
            // Lips that are about to part let go of each other little by little.
            let gap = if gap < 0.0 { gap } else { closed * gap };
            if gap != 0.0 {
                self.lift(&[upper], -0.4 * gap);
                self.lift(&[above], -0.3 * gap);
                self.lift(&[lower], 0.6 * gap);
                self.lift(&[below], 0.55 * gap);
            }
        }
        // Squeezed eyes stay a slit; only lids that are let down (AU43) may close.
        let least = if actions.any(&[43]) { 0.03 } else { 0.055 };
        for (upper, lower) in [(37, 41), (38, 40), (43, 47), (44, 46)] {
            let overlap = face[lower][1] + least - face[upper][1];
            if overlap > 0.0 {
                self.lift(&[lower], -0.5 * overlap);
                self.lift(&[upper], 0.5 * overlap);
            }
        }
    }

    fn lift(&mut self, which: &[usize], dy: f32) {
        which.iter().for_each(|&k| self.muscles[k][1] += dy);
    }
}
