//! Makes pictures larger or smaller: a separable filter in whole numbers, as Pillow and its relatives compute it.
//!
//! In: a picture and the part of it that is wanted. Out: that part in another size. Columns are filtered first, rows
//! after; each pass rounds to 0..=255. Weights are whole numbers of at most 15 bits, so that sums are exact and every
//! machine gives the same pixels.

use std::f64::consts::PI;

use howfar_face::Picture;

/// What a pixel is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// A triangle over two pixels of the coarser grid.
    Bilinear,
    /// Lanczos' window of three lobes.
    Lanczos3,
}

impl Filter {
    /// How far it reaches, in pixels of the coarser grid.
    fn support(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Lanczos3 => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        match self {
            Self::Bilinear => (1.0 - x.abs()).max(0.0),
            Self::Lanczos3 if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            Self::Lanczos3 => 0.0,
        }
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The weights of one output pixel, on neighbouring input pixels.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// One axis: the taps of every output pixel and the bits by which their sums are too large.
struct Axis {
    taps: Vec<Taps>,
    bits: u32,
}

/// Bits of a whole weight but for its sign, and of what a sum of weights times 255 leaves of 32.
const WEIGHT_BITS: u32 = 15;
const SUM_BITS: u32 = 22;

impl Axis {
    /// `n_out` pixels out of the `length` from `begin` on, of `n_in`; none where they are those pixels as they are.
    fn new(filter: Filter, n_in: u32, (begin, length): (f64, f64), n_out: u32) -> Option<Self> {
        if f64::from(n_out) == length && begin == begin.round() {
            return None;
        }
        let scale = length / f64::from(n_out);
        let coarse = scale.max(1.0);
        let reach = filter.support() * coarse;
        let per_pixel = 1.0 / coarse;
        let shares: Vec<(usize, Vec<f64>)> = (0..n_out)
            .map(|i| {
                let centre = begin + (f64::from(i) + 0.5) * scale;
                let first = (centre - reach).floor().max(0.0) as usize;
                let end = (centre + reach).ceil().min(f64::from(n_in)) as usize;
                let weights = (first..end).map(|x| filter.weight((x as f64 - (centre - 0.5)) * per_pixel));
                let zeros = weights.clone().take_while(|weight| *weight == 0.0).count();
                let weights: Vec<f64> = weights.skip(zeros).collect();
                let sum: f64 = weights.iter().sum();
                (first + zeros, weights.into_iter().map(|weight| weight / sum).collect())
            })
            .collect();
        let largest = shares.iter().flat_map(|(_, weights)| weights).fold(0.0_f64, |most, weight| most.max(*weight));
        let fits = |bits: &u32| (largest * f64::from(1_u32 << (bits + 1))).round() < f64::from(1_u32 << WEIGHT_BITS);
        let bits = (0..SUM_BITS).find(|bits| !fits(bits)).unwrap_or(SUM_BITS - 1);
        let whole = |share: &f64| (share * f64::from(1_u32 << bits)).round() as i32;
        let taps =
            shares.iter().map(|(first, weights)| Taps { first: *first, weights: weights.iter().map(whole).collect() });
        Some(Axis { taps: taps.collect(), bits })
    }

    fn rounded(&self, sum: i32) -> u8 {
        (sum >> self.bits).clamp(0, 255) as u8
    }
}

/// The part of `picture` from (`left`, `top`) on, `length` wide and high, in the size `width` × `height`. The part must
/// lie within the picture, and what the filter sees beyond the picture's border does not count.
pub(crate) fn resample(
    picture: &Picture,
    [left, top]: [f64; 2],
    [part_width, part_height]: [f64; 2],
    [width, height]: [u32; 2],
    filter: Filter,
) -> Picture {
    let channels = picture.channels as usize;
    let across = Axis::new(filter, picture.width, (left, part_width), width);
    let down = Axis::new(filter, picture.height, (top, part_height), height);
    let row_length = picture.width as usize * channels;
    // Down the columns.
    let tall = match &down {
        None => picture.data[top as usize * row_length..][..height as usize * row_length].to_vec(),
        Some(axis) => {
            let mut out = Vec::with_capacity(height as usize * row_length);
            let mut sums = vec![0; row_length];
            for Taps { first, weights } in &axis.taps {
                sums.fill(1 << (axis.bits - 1));
                for (weight, row) in weights.iter().zip(picture.data[first * row_length..].chunks_exact(row_length)) {
                    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * i32::from(*value));
                }
                out.extend(sums.iter().map(|sum| axis.rounded(*sum)));
            }
            out
        }
    };
    // Along the rows.
    let mut data = Vec::with_capacity(width as usize * height as usize * channels);
    for row in tall.chunks_exact(row_length) {
        match &across {
            None => data.extend_from_slice(&row[left as usize * channels..][..width as usize * channels]),
            Some(axis) => {
                for Taps { first, weights } in &axis.taps {
                    for channel in 0..channels {
                        let values = row[first * channels + channel..].iter().step_by(channels);
                        let start = 1 << (axis.bits - 1);
                        let sum = weights.iter().zip(values).fold(start, |sum, (w, value)| sum + w * i32::from(*value));
                        data.push(axis.rounded(sum));
                    }
                }
            }
        }
    }
    Picture { width, height, channels: picture.channels, data }
}

/// The whole picture in another size.
pub fn resize(picture: &Picture, width: u32, height: u32, filter: Filter) -> Picture {
    let whole = [f64::from(picture.width), f64::from(picture.height)];
    resample(picture, [0.0, 0.0], whole, [width, height], filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_face::checksum::sha256_hex;

    /// The upper 8 bits of a linear congruential generator (Knuth's constants).
    fn noise(width: u32, height: u32, channels: u32) -> Picture {
        let mut state = u64::from(width * 1000 + height);
        let data = (0..width * height * channels).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        Picture { width, height, channels, data: data.collect() }
    }

    /// Size and channels of noise, the part, its new size, the filter, the beginning of the SHA-256 of the pixels.
    type Case = ([u32; 3], [f64; 2], [f64; 2], [u32; 2], Filter, &'static str);

    const CASES: [Case; 8] = [
        ([90, 70, 1], [10.25, 5.5], [48.3, 48.3], [64, 64], Filter::Lanczos3, "445b557150dc0557"),
        ([90, 70, 3], [10.25, 5.5], [48.3, 48.3], [32, 32], Filter::Lanczos3, "6c15af85ed39b9d2"),
        ([300, 260, 3], [31.0, 20.75], [200.0, 200.0], [64, 64], Filter::Lanczos3, "79b2d63d1f994a07"),
        ([300, 260, 1], [0.0, 0.0], [300.0, 260.0], [75, 64], Filter::Bilinear, "8608916dcf5eb7e1"),
        ([301, 261, 3], [0.0, 0.0], [301.0, 261.0], [128, 111], Filter::Bilinear, "d64929793e82ff58"),
        ([64, 64, 1], [0.0, 0.0], [64.0, 64.0], [64, 31], Filter::Bilinear, "058eb3bd2f536c68"),
        ([64, 64, 3], [0.0, 0.0], [64.0, 64.0], [31, 64], Filter::Lanczos3, "93f36b409afeb9b5"),
        ([40, 40, 1], [3.0, 4.0], [20.0, 20.0], [20, 20], Filter::Lanczos3, "51db2412a59d63b6"),
    ];

    #[test]
    fn pixels_are_those_of_another_implementation() {
        // fast_image_resize 6.1, which gave the same pixels in 400 further sizes and parts drawn at random.
        for ([width, height, channels], at, part, size, filter, sha256) in CASES {
            let out = resample(&noise(width, height, channels), at, part, size, filter);
            assert_eq!((out.width, out.height, out.channels), (size[0], size[1], channels));
            assert_eq!(&sha256_hex(&[&out.data])[..16], sha256, "{width}×{height} to {size:?}");
        }
    }

    #[test]
    fn a_part_in_its_own_size_is_itself_and_a_flat_picture_stays_flat() {
        let picture = noise(9, 7, 3);
        let part = resample(&picture, [2.0, 3.0], [4.0, 2.0], [4, 2], Filter::Lanczos3);
        let row = |y: usize| &picture.data[(y * 9 + 2) * 3..][..12];
        assert_eq!(part.data, [row(3), row(4)].concat());
        for (size, filter) in [([50, 3], Filter::Lanczos3), ([2, 40], Filter::Bilinear)] {
            let flat = Picture { width: 9, height: 7, channels: 1, data: vec![201; 63] };
            assert!(resize(&flat, size[0], size[1], filter).data.iter().all(|value| *value == 201));
        }
    }
}
