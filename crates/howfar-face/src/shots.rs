//! Finds the faces of one shot among many, exactly, with 350 bytes per face and without a list of candidates.
//!
//! In: the pixels of faces. Out: the pairs for which [`is_same_shot`] holds and whose hashes differ in few bits, or
//! whose pixels are equal. A comparison of patches costs a microsecond and a patch 4 kB, so nearly all pairs are ruled
//! out before, by sums that can only be too high: the correlation of two patches is the product of their slow waves
//! (low frequencies of the cosine transform) and of what is left of them, and the latter is at most the product of its
//! lengths (Cauchy and Schwarz). Waves that turn their sign in a mirror stand apart, so that a face and its mirror
//! image are ruled out together. Whose faces they are is not known here.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use crate::fingerprint::{MOST_BITS, PATCHES, SAME_SHOT, difference_hash, is_same_shot, patch};

/// Waves a side: of the frequencies 0 to 7 in either direction.
const FREQUENCIES: usize = 8;
/// Waves that a mirror keeps, and as many whose sign it turns.
const N_WAVES: usize = FREQUENCIES * FREQUENCIES / 2;
/// Of these the slowest are looked at first.
const N_COARSE: usize = 8;
/// Faces that are looked at together.
const BLOCK: usize = 64;
/// Of these so many at a time, as fit into a processor's registers.
const LANES: usize = 16;
/// Blocks whose patches are kept together.
const BLOCKS_AT_ONCE: usize = 4;
/// Room for rounding in sums of 32 bits: a pair is looked at closely rather than lost.
const ROUNDING: f32 = 1e-4;
/// What a highest correlation must reach for a closer look.
const LEAST: f32 = SAME_SHOT - ROUNDING;

/// What is kept of a face.
#[derive(Debug, Clone)]
pub struct Shot {
    hashes: [u64; 2],
    even: [f32; N_WAVES],
    odd: [f32; N_WAVES],
    /// Length of what the coarse waves leave of the patch, and of what all of them leave.
    rest: [f32; 2],
}

impl Shot {
    /// Reads a face.
    ///
    /// # Shapes
    /// `pixels` `[H, W, C]` with H = W = `side`
    pub fn of(pixels: &[u8], side: usize) -> Self {
        let patch = patch(pixels, side);
        let (mut even, mut odd) = ([0.0; N_WAVES], [0.0; N_WAVES]);
        let waves = waves(&patch);
        for (to, ([x_even, y_even], [x_odd, y_odd])) in PLACES.iter().enumerate() {
            even[to] = waves[y_even * FREQUENCIES + x_even];
            odd[to] = waves[y_odd * FREQUENCIES + x_odd];
        }
        let square = |waves: &[f32]| waves.iter().map(|wave| wave * wave).sum::<f32>();
        // A flat picture has no patch. It is like its equal alone, and as long as any other.
        let rest = |n: usize| (1.0 - square(&even[..n]) - square(&odd[..n])).max(0.0) + ROUNDING;
        let rest = [rest(N_COARSE), rest(N_WAVES)].map(f32::sqrt);
        Shot { hashes: difference_hash(pixels, side), even, odd, rest }
    }
}

/// Places of the waves in a table of frequencies: those that are even across, then those that are odd, slow ones first.
static PLACES: LazyLock<Vec<([usize; 2], [usize; 2])>> = LazyLock::new(|| {
    let slow_first = |is_odd: usize| {
        let mut places: Vec<[usize; 2]> =
            (0..FREQUENCIES / 2).flat_map(|x| (0..FREQUENCIES).map(move |y| [2 * x + is_odd, y])).collect();
        places.sort_by_key(|[x, y]| (x * x + y * y, *x));
        places
    };
    slow_first(0).into_iter().zip(slow_first(1)).collect()
});

/// Orthonormal cosines over a patch's side, by frequency.
static COSINES: LazyLock<[[f32; PATCHES]; FREQUENCIES]> = LazyLock::new(|| {
    let n = PATCHES as f64;
    std::array::from_fn(|frequency| {
        let scale = if frequency == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
        let cosine = |x: usize| (std::f64::consts::PI * (x as f64 + 0.5) * frequency as f64 / n).cos();
        std::array::from_fn(|x| (scale * cosine(x)) as f32)
    })
});

/// The slow waves of a patch: `[y, x]` by frequency.
fn waves(patch: &[f32]) -> [f32; FREQUENCIES * FREQUENCIES] {
    let cosines = &*COSINES;
    let mut across = [[0.0; FREQUENCIES]; PATCHES];
    for (row, across) in patch.chunks_exact(PATCHES).zip(&mut across) {
        for (cosine, sum) in cosines.iter().zip(across) {
            *sum = row.iter().zip(cosine).map(|(level, c)| level * c).sum();
        }
    }
    let mut waves = [0.0; FREQUENCIES * FREQUENCIES];
    for (cosine, waves) in cosines.iter().zip(waves.chunks_exact_mut(FREQUENCIES)) {
        for (row, c) in across.iter().zip(cosine) {
            waves.iter_mut().zip(row).for_each(|(sum, level)| *sum += c * level);
        }
    }
    waves
}

/// The coarse waves of 64 faces, wave after wave, and the length of the rest.
#[derive(Debug, Clone)]
struct Block {
    even: [[f32; BLOCK]; N_COARSE],
    odd: [[f32; BLOCK]; N_COARSE],
    rest: [f32; BLOCK],
}

impl Block {
    const EMPTY: Self = Block { even: [[0.0; BLOCK]; N_COARSE], odd: [[0.0; BLOCK]; N_COARSE], rest: [0.0; BLOCK] };

    /// The highest correlation that a face can have with each of these or its mirror image.
    fn highest(&self, shot: &Shot) -> [f32; BLOCK] {
        let mut highest = [0.0; BLOCK];
        for (at, highest) in highest.chunks_exact_mut(LANES).enumerate() {
            let lanes = at * LANES..(at + 1) * LANES;
            let (mut kept, mut turned) = ([0.0; LANES], [0.0_f32; LANES]);
            for wave in 0..N_COARSE {
                let (even, odd) = (shot.even[wave], shot.odd[wave]);
                kept.iter_mut().zip(&self.even[wave][lanes.clone()]).for_each(|(sum, own)| *sum += even * own);
                turned.iter_mut().zip(&self.odd[wave][lanes.clone()]).for_each(|(sum, own)| *sum += odd * own);
            }
            let rest = &self.rest[lanes];
            for i in 0..LANES {
                highest[i] = kept[i] + turned[i].abs() + shot.rest[0] * rest[i];
            }
        }
        highest
    }
}

/// Faces by number, among which those of one shot find each other.
#[derive(Debug, Clone, Default)]
pub struct ShotIndex {
    shots: Vec<Shot>,
    blocks: Vec<Block>,
}

impl ShotIndex {
    /// Adds a face, whose number is how many were added before.
    pub fn add(&mut self, shot: Shot) {
        let at = self.shots.len() % BLOCK;
        if at == 0 {
            self.blocks.push(Block::EMPTY);
        }
        if let Some(block) = self.blocks.last_mut() {
            for wave in 0..N_COARSE {
                block.even[wave][at] = shot.even[wave];
                block.odd[wave][at] = shot.odd[wave];
            }
            block.rest[at] = shot.rest[0];
        }
        self.shots.push(shot);
    }

    /// How many faces there are.
    pub fn len(&self) -> usize {
        self.shots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.shots.is_empty()
    }

    /// Calls `found` with every face that can be of one shot with this one (false) or its mirror image (true): a few
    /// too many, none too few.
    pub fn near(&self, shot: &Shot, mut found: impl FnMut(usize, bool)) {
        for block in 0..self.blocks.len() {
            self.near_in(block, shot, 0, &mut |other, [plain, mirrored]| {
                if plain {
                    found(other, false);
                }
                if mirrored {
                    found(other, true);
                }
            });
        }
    }

    /// The same among the faces of one block from number `from` on, each once.
    fn near_in(&self, block: usize, shot: &Shot, from: usize, found: &mut impl FnMut(usize, [bool; 2])) {
        let highest = self.blocks[block].highest(shot);
        if highest.iter().map(|highest| u32::from(*highest >= LEAST)).sum::<u32>() == 0 {
            return;
        }
        for (i, highest) in highest.into_iter().enumerate() {
            let other = block * BLOCK + i;
            if highest >= LEAST && (from..self.shots.len()).contains(&other) {
                let ways = may_be_same(&self.shots[other], shot);
                if ways != [false; 2] {
                    found(other, ways);
                }
            }
        }
    }

    /// Calls `candidate` with every pair that can be of one shot, whose first face is among `rows` and whose second has
    /// a higher number, each once, and with what tells whether it is. `pixels` gives a face of `side` × `side`; whole
    /// ranges of second faces may be left out for a first one. Of one first face the second ones come in order.
    pub fn pairs<P: AsRef<[u8]>>(
        &self,
        rows: Range<usize>,
        side: usize,
        pixels: impl Fn(usize) -> P,
        is_left_out: impl Fn(usize, Range<usize>) -> bool,
        mut candidate: impl FnMut(usize, usize, &mut dyn FnMut() -> bool),
    ) {
        let [mut of_rows, mut of_blocks]: [HashMap<usize, Vec<f32>>; 2] = Default::default();
        let blocks: Vec<usize> = (rows.start / BLOCK..self.blocks.len()).collect();
        for blocks in blocks.chunks(BLOCKS_AT_ONCE) {
            for a in rows.clone() {
                for block in blocks {
                    let of_block = block * BLOCK..((block + 1) * BLOCK).min(self.shots.len());
                    if is_left_out(a, of_block) {
                        continue;
                    }
                    self.near_in(*block, &self.shots[a], a + 1, &mut |b, ways| {
                        candidate(a, b, &mut || {
                            let a_patch = of_rows.entry(a).or_insert_with(|| patch(pixels(a).as_ref(), side));
                            let b_patch = of_blocks.entry(b).or_insert_with(|| patch(pixels(b).as_ref(), side));
                            let is_same = |is_mirror| is_same_shot(a_patch, b_patch, is_mirror);
                            (ways[0] && is_same(false))
                                || (ways[1] && is_same(true))
                                || pixels(a).as_ref() == pixels(b).as_ref()
                        });
                    });
                }
            }
            of_blocks.clear();
        }
    }
}

/// Whether two faces can be of one shot, as they are or one of them mirrored: by the bits of their hashes, and by the
/// highest correlation that their patches can have.
fn may_be_same(a: &Shot, b: &Shot) -> [bool; 2] {
    let few_bits = b.hashes.map(|hash| (a.hashes[0] ^ hash).count_ones() <= MOST_BITS);
    if few_bits == [false, false] {
        return few_bits;
    }
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let (kept, turned, rest) = (product(&a.even, &b.even), product(&a.odd, &b.odd), a.rest[1] * b.rest[1]);
    let highest = [kept + turned, kept - turned];
    [0, 1].map(|i| few_bits[i] && highest[i] + rest >= LEAST)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const SIDE: usize = 40;

    /// A picture of `subject`, some of it that of another, with noise; mirrored, lit or flat as asked.
    fn picture((subject, other, share, noise): (u32, u32, f32, u32), is_mirrored: bool, light: f32) -> Vec<u8> {
        let wave = |subject: u32, x: f32, y: f32| {
            let s = subject as f32;
            (0.31 * x + s).sin() + (0.17 * y + 0.05 * x * (1.0 + s % 3.0)).cos() + 0.4 * (0.6 * y + 2.0 * s).sin()
        };
        let level = |i: usize| {
            let (x, y) = ((i % SIDE) as f32, (i / SIDE) as f32);
            let x = if is_mirrored { SIDE as f32 - 1.0 - x } else { x };
            let grain = ((x as u32 * 7919 + y as u32 * 104_729 + subject * 31) % 17) as f32 - 8.0;
            let mixed = (1.0 - share) * wave(subject, x, y) + share * wave(other, x, y);
            (120.0 + light * (30.0 * mixed + noise as f32 * grain)).clamp(0.0, 255.0) as u8
        };
        (0..SIDE * SIDE).map(level).collect()
    }

    fn pictures() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let kind = (0..4_u32, 0..4_u32, 0.0..0.3_f32, 0..3_u32);
        let light = prop_oneof![Just(1.0_f32), Just(0.0), 0.3..1.0_f32];
        prop::collection::vec(
            (kind, any::<bool>(), light).prop_map(|(kind, turn, light)| picture(kind, turn, light)),
            2..150,
        )
    }

    /// The rule, asked of every pair.
    fn exhaustive(pictures: &[Vec<u8>]) -> BTreeSet<(usize, usize)> {
        let known: Vec<_> = pictures.iter().map(|p| (difference_hash(p, SIDE), patch(p, SIDE))).collect();
        let is_same = |a: usize, b: usize| {
            let few_bits = |i: usize| (known[a].0[0] ^ known[b].0[i]).count_ones() <= MOST_BITS;
            let same_shot = |i: usize| few_bits(i) && is_same_shot(&known[a].1, &known[b].1, i == 1);
            same_shot(0) || same_shot(1) || pictures[a] == pictures[b]
        };
        (0..pictures.len())
            .flat_map(|a| (a + 1..pictures.len()).map(move |b| (a, b)))
            .filter(|(a, b)| is_same(*a, *b))
            .collect()
    }

    fn found_in(pictures: &[Vec<u8>], n_rows: usize) -> Vec<(usize, usize)> {
        let mut index = ShotIndex::default();
        pictures.iter().for_each(|picture| index.add(Shot::of(picture, SIDE)));
        let mut found = Vec::new();
        for begin in (0..pictures.len()).step_by(n_rows) {
            let rows = begin..pictures.len().min(begin + n_rows);
            index.pairs(
                rows,
                SIDE,
                |face| &pictures[face],
                |_, _| false,
                |a, b, is_same| {
                    if is_same() {
                        found.push((a, b));
                    }
                },
            );
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_same_pairs_are_found_as_by_comparing_all_with_all(pictures in pictures(), n_rows in 1..100_usize) {
            let found = found_in(&pictures, n_rows);
            let distinct: BTreeSet<_> = found.iter().copied().collect();
            prop_assert_eq!(found.len(), distinct.len(), "each pair once");
            prop_assert_eq!(distinct, exhaustive(&pictures));
        }
    }

    #[test]
    fn a_mirrored_and_a_re_lit_shot_are_found_and_a_flat_picture_is_like_its_equal_alone() {
        let plain = (3, 0, 0.0, 1);
        let pictures = [
            picture(plain, false, 1.0),
            picture((2, 0, 0.0, 1), false, 1.0),
            picture(plain, true, 1.0),
            picture(plain, false, 0.7),
            vec![120; SIDE * SIDE],
            vec![120; SIDE * SIDE],
            vec![121; SIDE * SIDE],
        ];
        let found: BTreeSet<_> = found_in(&pictures, 64).into_iter().collect();
        assert_eq!(found, BTreeSet::from([(0, 2), (0, 3), (2, 3), (4, 5)]));
    }
}
