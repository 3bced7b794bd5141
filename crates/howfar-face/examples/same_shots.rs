//! How long the search for duplicates takes: `cargo run --release -p howfar-face --example same_shots -- 300000 0.5`,
//! or with a face set's folder in place of both numbers.
//!
//! In: a number of made faces and how alike they are (the share that all have in common). Out: times, memory, pairs.
//! Faces are mixed of slow patterns, some of them common to all, with noise; every thousandth is one of the faces
//! before it again, re-lit. A face's pixels are made anew each time they are asked for, so that they take no memory.

#![allow(clippy::print_stdout, reason = "an example prints")]

use std::path::Path;
use std::time::Instant;

use howfar_face::{FaceSet, Shot, ShotIndex};
use rayon::prelude::*;

const SIDE: usize = 64;
const ROWS: usize = 256;
const N_PATTERNS: usize = 24;

/// A number that looks random, from −1 to 1.
fn dice(seed: u64) -> f32 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
}

/// Slow patterns, of which faces are mixed; the first ones are in all of them.
fn patterns() -> Vec<Vec<f32>> {
    let wave = |pattern: u64, k: u64, x: f32, y: f32| {
        let of = 16 * (8 * pattern + k);
        let (fx, fy) = (5.0 * dice(of), 5.0 * dice(of + 1));
        dice(of + 2) * (fx * x + fy * y + 3.0 * dice(of + 3)).sin() / (1.0 + fx.abs() + fy.abs())
    };
    let level = |pattern: u64, at: usize| {
        let (x, y) = (2.0 * (at % SIDE) as f32 / SIDE as f32, 2.0 * (at / SIDE) as f32 / SIDE as f32);
        100.0 * (0..8).map(|k| wave(pattern, k, x, y)).sum::<f32>()
    };
    (0..N_PATTERNS as u64).map(|pattern| (0..SIDE * SIDE).map(|at| level(pattern, at)).collect()).collect()
}

fn face(patterns: &[Vec<f32>], i: usize, common: f32) -> Vec<u8> {
    let (own, light) = if i % 1000 == 999 { (i / 2, 0.9) } else { (i, 1.0) };
    let weight = |k: usize| {
        let own = dice((own * N_PATTERNS + k) as u64);
        if k < 4 { common.sqrt() + 0.1 * own } else { (1.0 - common).sqrt() * own }
    };
    let mut levels: Vec<f32> = (0..SIDE * SIDE).map(|at| 128.0 + 5.0 * dice((own * 8191 + at) as u64)).collect();
    for (k, pattern) in patterns.iter().enumerate() {
        let weight = light * weight(k);
        levels.iter_mut().zip(pattern).for_each(|(level, part)| *level += weight * part);
    }
    levels.into_iter().map(|level| level.clamp(0.0, 255.0) as u8).collect()
}

/// The faces of a set.
fn read(folder: &Path) -> Vec<(Vec<u8>, usize)> {
    let mut faces = Vec::new();
    let set = FaceSet::open(folder).expect("a face set");
    set.for_each(|face| {
        faces.push((face.picture.data, face.picture.width as usize));
        Ok(())
    })
    .expect("a whole face set");
    faces
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| args.get(i).and_then(|n| n.parse::<f64>().ok());
    let common = number(1).unwrap_or(0.5) as f32;
    match (number(0), args.first()) {
        (None, Some(folder)) => {
            let faces = read(Path::new(folder));
            let side = faces[0].1;
            measure(faces.len(), side, |i| &faces[i].0);
        }
        (n, _) => {
            let patterns = patterns();
            measure(n.unwrap_or(20_000.0) as usize, SIDE, |i| face(&patterns, i, common));
        }
    }
}

fn measure<P: AsRef<[u8]> + Send + Sync>(n: usize, side: usize, face: impl Fn(usize) -> P + Sync) {
    // Pixels are kept a block at a time only; making them is timed apart.
    let (mut index, mut making, mut reading) = (ShotIndex::default(), 0.0, 0.0);
    for begin in (0..n).step_by(4096) {
        let started = Instant::now();
        let faces: Vec<P> = (begin..n.min(begin + 4096)).into_par_iter().map(&face).collect();
        making += started.elapsed().as_secs_f64();
        let started = Instant::now();
        let shots: Vec<Shot> = faces.par_iter().map(|face| Shot::of(face.as_ref(), side)).collect();
        shots.into_iter().for_each(|shot| index.add(shot));
        reading += started.elapsed().as_secs_f64();
    }
    println!("{n} faces: made in {making:.1} s, read in {reading:.1} s");
    let started = Instant::now();
    let (n_candidates, n_pairs) = (0..n.div_ceil(ROWS))
        .into_par_iter()
        .map(|block| {
            let (mut n_candidates, mut n_pairs) = (0_u64, 0_u64);
            let rows = block * ROWS..n.min((block + 1) * ROWS);
            index.pairs(
                rows,
                side,
                &face,
                |_, _| false,
                |_, _, is_same| {
                    n_candidates += 1;
                    n_pairs += u64::from(is_same());
                },
            );
            (n_candidates, n_pairs)
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let took = started.elapsed().as_secs_f64();
    println!("all with all in {took:.1} s: {n_candidates} looked at closely, {n_pairs} of one shot");
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = memory.lines().find(|line| line.starts_with("VmHWM"));
    println!("memory at most: {}", peak.unwrap_or("unknown"));
}
