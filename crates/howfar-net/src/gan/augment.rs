//! What adaptive augmentation (Karras et al. 2020b) does to the pictures that a discriminator sees, real and generated
//! alike.
//!
//! In: pictures, a drawn change for each. Out: changed pictures, differentiable. Of the paper's transformations these
//! are here: mirroring, shifts by whole pixels, brightness, contrast; not here: turns, scaling, shifts by parts of a
//! pixel, hue, saturation, filters, noise, cutout. Knows no network.

use howfar_random::{normal, uniform};
use rand_chacha::ChaCha8Rng;

use crate::tensor::{Tensor, pad_reflected};

/// The largest shift as a share of the side.
const SHIFT: f32 = 0.125;
/// Deviation of the brightness, where pictures lie in −1..1.
const BRIGHTNESS: f32 = 0.2;
/// Deviation of the logarithm (base 2) of the contrast.
const CONTRAST: f32 = 0.5;

/// What is done to one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augmentation {
    /// Left and right change places.
    pub mirrored: bool,
    /// Pixels right and down; what comes in is the picture reflected at its edge.
    pub shift: [isize; 2],
    /// Factor on the numbers.
    pub contrast: f32,
    /// Added after that.
    pub brightness: f32,
}

impl Augmentation {
    /// A change of a picture of `side` pixels, each kind of it with probability `p`.
    pub fn draw(side: usize, p: f32, rng: &mut ChaCha8Rng) -> Self {
        // Each kind takes as many numbers whether it happens or not.
        let mut happens = |chance: f32| uniform(rng) < chance;
        let [mirror, shift, contrast, brightness] = [p / 2.0, p, p, p].map(&mut happens);
        let farthest = (side as f32 * SHIFT).floor();
        let mut pixels = || ((2.0 * uniform(rng) - 1.0) * farthest).round() as isize;
        let drawn = [pixels(), pixels()];
        let (log_contrast, drawn_brightness) = (normal(rng) * CONTRAST, normal(rng) * BRIGHTNESS);
        Augmentation {
            mirrored: mirror,
            shift: if shift { drawn } else { [0, 0] },
            contrast: if contrast { log_contrast.exp2() } else { 1.0 },
            brightness: if brightness { drawn_brightness } else { 0.0 },
        }
    }

    fn changes_nothing(&self) -> bool {
        !self.mirrored && self.shift == [0, 0] && self.contrast == 1.0 && self.brightness == 0.0
    }

    fn apply(&self, picture: Tensor<4>) -> Tensor<4> {
        let [_, h, w, c] = picture.dims();
        let mut x = if self.mirrored { picture.flip([2]) } else { picture };
        if self.shift != [0, 0] {
            let reach = self.shift.map(isize::unsigned_abs);
            let begin = [0, 1].map(|axis| (reach[axis] as isize - self.shift[axis]) as usize);
            let padded = pad_reflected(x, [0, reach[1], reach[0], 0]);
            x = padded.slice([0..1, begin[1]..begin[1] + h, begin[0]..begin[0] + w, 0..c]);
        }
        if self.contrast != 1.0 || self.brightness != 0.0 { x * self.contrast + self.brightness } else { x }
    }
}

/// Each picture changed in its own way.
///
/// # Shapes
/// `pictures` `[N, H, W, C]`, `changes` N -> `[N, H, W, C]`
pub fn augment(pictures: Tensor<4>, changes: &[Augmentation]) -> Tensor<4> {
    if changes.iter().all(Augmentation::changes_nothing) {
        return pictures;
    }
    let [_, h, w, c] = pictures.dims();
    let one = |i: usize| pictures.clone().slice([i..i + 1, 0..h, 0..w, 0..c]);
    Tensor::cat(changes.iter().enumerate().map(|(i, change)| change.apply(one(i))).collect(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{cpu, numbers, tensor};
    use rand::SeedableRng;

    #[test]
    fn a_picture_is_mirrored_shifted_and_changed_in_tone() {
        let values: Vec<f32> = (0..16).map(|i| i as f32).collect();
        let x = tensor(values.repeat(2), [2, 4, 4, 1], &cpu());
        let still = Augmentation { mirrored: false, shift: [0, 0], contrast: 1.0, brightness: 0.0 };
        let change = Augmentation { mirrored: true, shift: [1, -1], contrast: 2.0, brightness: 0.5 };
        let out = numbers(augment(x, &[still, change]));
        assert_eq!(out[..16], values);
        // Row 0 of the changed picture is row 1 of the old one, mirrored, moved right by one: 6 7 6 5.
        assert_eq!(out[16..20], [6.0, 7.0, 6.0, 5.0].map(|v| 2.0 * v + 0.5));
        // What comes in at the bottom is the last row but one.
        assert_eq!(out[28..32], [10.0, 11.0, 10.0, 9.0].map(|v| 2.0 * v + 0.5));
    }

    #[test]
    fn at_probability_0_nothing_happens_and_at_1_nearly_everything() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let drawn = |p, rng: &mut _| (0..200).map(|_| Augmentation::draw(64, p, rng)).collect::<Vec<_>>();
        assert!(drawn(0.0, &mut rng).iter().all(Augmentation::changes_nothing));
        let all = drawn(1.0, &mut rng);
        assert!(all.iter().all(|a| a.contrast != 1.0 && a.brightness != 0.0));
        assert!((60..140).contains(&all.iter().filter(|a| a.mirrored).count()));
        assert!(all.iter().all(|a| a.shift.iter().all(|s| s.abs() <= 8)));
    }
}
