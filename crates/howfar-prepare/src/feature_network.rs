//! A user's feature network: an ONNX file that takes pictures and gives numbers.
//!
//! In: a file, pictures of any size and colours. Out: one row of numbers a picture, its first output flattened. What
//! the numbers mean is the user's business.

use std::path::Path;

use howfar_crop::Crop;
use howfar_face::{Fault, Picture};
use rten_tensor::{AsView, Layout, NdTensor};

use crate::onnx::{Expected, Length, OnnxNetwork};

/// Pictures that go through together where the network does not fix it.
const PICTURES_AT_ONCE: usize = 32;
/// Numbers a face that can be compared in bounded time and memory; the usual networks give 128 to 4096.
const MOST_FEATURES: usize = 16_384;
/// Pixels a side of the largest input, and pictures of the largest batch.
const LARGEST: (usize, usize) = (2048, 1024);
const EXPECTED: Expected = Expected {
    network: "an ONNX file with its weights inside and one input N×C×H×W of 32-bit numbers, C = 1 or 3, H = W",
    hint: "export the network up to the layer whose output is to be compared, as one file",
};

/// A network with what is known of its input.
pub struct FeatureNetwork {
    network: OnnxNetwork,
    sizes: InputSizes,
    /// What black and white become.
    range: (f32, f32),
}

/// Sizes of the input.
#[derive(Debug, Clone, Copy, PartialEq)]
struct InputSizes {
    batch: Length,
    n_channels: Length,
    side: Length,
}

impl FeatureNetwork {
    /// Reads a file and checks that it takes pictures; `range` is `BLACK..WHITE`, what black and white are in its
    /// input.
    pub fn read(path: &Path, range: &str) -> Result<Self, Fault> {
        let range = parse_range(range)?;
        let network = OnnxNetwork::read(path, EXPECTED)?;
        let fits = |lengths: &[Length]| input_sizes(lengths).is_some();
        let lengths = network.input_lengths("the network does not take pictures", fits)?;
        // A network that says no sizes takes any.
        let sizes = lengths.as_deref().and_then(input_sizes);
        let sizes = sizes.unwrap_or(InputSizes { batch: None, n_channels: None, side: None });
        Ok(FeatureNetwork { network, sizes, range })
    }

    /// A name for tables.
    pub fn words(&self, n_features: usize) -> String {
        let names = self.network.output_names();
        let output = names.first().filter(|name| !name.is_empty()).unwrap_or(&"the first output");
        let (black, white) = self.range;
        let (file, sha256) = (self.network.path().display(), self.network.sha256().get(..12).unwrap_or_default());
        format!("{file} (SHA-256 {sha256}…), {n_features} values of {output:?}, pixels in {black}..{white}")
    }

    /// What the network says of pictures, one row each.
    pub fn features(&self, pictures: &[Picture]) -> Result<Vec<Vec<f32>>, Fault> {
        let at_once = self.sizes.batch.unwrap_or(PICTURES_AT_ONCE);
        let batches = pictures.chunks(at_once).map(|batch| self.batch(batch));
        Ok(batches.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Of at least one picture and at most as many as the network takes.
    fn batch(&self, pictures: &[Picture]) -> Result<Vec<Vec<f32>>, Fault> {
        let fault = |what: &str| Fault::data(self.network.path().display(), what);
        let (first, last) = (&pictures[0], &pictures[pictures.len() - 1]);
        let side = self.sizes.side.unwrap_or(first.width as usize);
        let n_channels = self.sizes.n_channels.unwrap_or(first.channels as usize);
        // A network with a fixed batch gets the last picture again until the batch is full.
        let n = self.sizes.batch.unwrap_or(pictures.len());
        let filled = pictures.iter().chain(std::iter::repeat(last)).take(n);
        let values: Vec<f32> = filled.flat_map(|picture| self.planes(picture, side, n_channels)).collect();
        let input = NdTensor::from_data([n, n_channels, side, side], values);
        let outputs = self.network.run(input, 1).map_err(|error| {
            fault("the network cannot be run, or its first output is not made of 32-bit numbers")
                .found(error)
                .expected(format!("a network that takes {n}×{n_channels}×{side}×{side} numbers"))
        })?;
        let output = outputs.into_iter().next().ok_or_else(|| fault("the network has no output"))?;
        let n_features = output.len() / n;
        if output.shape().first() != Some(&n) || !(1..=MOST_FEATURES).contains(&n_features) {
            return Err(fault("the network's first output does not give each picture its features")
                .found(format!("{:?} for {n} pictures", output.shape()))
                .expected(format!("{n}×…, at most {MOST_FEATURES} numbers a picture")));
        }
        Ok(output.to_vec().chunks_exact(n_features).take(pictures.len()).map(<[f32]>::to_vec).collect())
    }

    /// A picture as the network takes it, one colour after the other.
    fn planes(&self, picture: &Picture, side: usize, n_channels: usize) -> Vec<f32> {
        let sized = if (picture.width, picture.height) == (side as u32, side as u32) {
            picture.clone()
        } else {
            Crop::central(picture.width, picture.height).cut(picture, side as u32)
        };
        let levels = sized.into_channels(n_channels);
        let (black, white) = self.range;
        let value = |level: &u8| black + (white - black) * f32::from(*level) / 255.0;
        (0..n_channels).flat_map(|c| levels.iter().skip(c).step_by(n_channels).map(value)).collect()
    }
}

/// Batch, channels and side of an input that takes square pictures.
fn input_sizes(lengths: &[Length]) -> Option<InputSizes> {
    let &[batch, n_channels, height, width] = lengths else { return None };
    let is_square = height.is_none() || width.is_none() || height == width;
    let side = height.or(width);
    let fits = |n: Length, most: usize| n.is_none_or(|n| (1..=most).contains(&n));
    let known_colours = n_channels.is_none_or(|n| n == 1 || n == 3);
    (is_square && known_colours && fits(side, LARGEST.0) && fits(batch, LARGEST.1)).then_some(InputSizes {
        batch,
        n_channels,
        side,
    })
}

/// `BLACK..WHITE`.
fn parse_range(text: &str) -> Result<(f32, f32), Fault> {
    let number = |word: &str| word.trim().parse::<f32>().ok().filter(|value| value.is_finite());
    match text.split_once("..").map(|(black, white)| (number(black), number(white))) {
        Some((Some(black), Some(white))) if black != white => Ok((black, white)),
        _ => Err(Fault::usage("--features-range", "not what black and white become")
            .found(text)
            .expected("two numbers with .. between them")
            .hint("--features-range=-1..1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// Where `reference/feature_network.py` wrote its networks.
    fn reference(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference").join(name)
    }

    fn network(name: &str, range: &str) -> Result<FeatureNetwork, Fault> {
        FeatureNetwork::read(&reference(&format!("feature_network_{name}.onnx")), range)
    }

    #[test]
    fn features_are_those_of_onnx_runtime() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../../reference/feature_network.json")).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 3);
        for case in cases {
            let network = network(case["network"].as_str().unwrap(), case["range"].as_str().unwrap()).unwrap();
            let [width, channels] = ["side", "channels"].map(|key| case[key].as_u64().unwrap() as u32);
            let pictures: Vec<Vec<u8>> = serde_json::from_value(case["pictures"].clone()).unwrap();
            let expected: Vec<Vec<f32>> = serde_json::from_value(case["features"].clone()).unwrap();
            let pictures: Vec<Picture> =
                pictures.into_iter().map(|data| Picture { width, height: width, channels, data }).collect();
            let found = network.features(&pictures).unwrap();
            assert_eq!(found[0].len(), expected[0].len());
            for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
                assert!((found - expected).abs() <= 1e-4 * expected.abs().max(1.0), "{case}: {found} {expected}");
            }
            // A batch that is not full, and one after another.
            assert_eq!(network.features(&pictures[1..]).unwrap(), found[1..]);
            let many: Vec<Picture> = pictures.iter().cycle().take(40).cloned().collect();
            assert_eq!(network.features(&many).unwrap()[39], found[1]);
        }
    }

    #[test]
    fn pictures_take_the_size_and_the_colours_of_the_input() {
        let large = Picture::gray(12, 12, vec![255; 144]);
        let rows = network("fixed", "0..1").unwrap().features(&[large.clone(), large]).unwrap();
        assert_eq!((rows[0].len(), &rows[0]), (45, &rows[1]));
        let coloured = Picture { width: 7, height: 7, channels: 3, data: vec![90; 147] };
        let gray = Picture::gray(7, 7, vec![90; 49]);
        let free = network("free", "0..1").unwrap();
        assert_eq!(free.features(&[coloured]).unwrap(), free.features(&[gray]).unwrap());
    }

    #[test]
    fn networks_that_take_no_pictures_are_refused_by_what_they_take() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("words.onnx");
        std::fs::write(&text, "no network").unwrap();
        let cut = folder.path().join("cut.onnx");
        let whole = std::fs::read(reference("feature_network_free.onnx")).unwrap();
        std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
        let cases = [
            (network("words", "0..1"), "feature_network_words.onnx", "n×20"),
            (network("whole", "0..1"), "feature_network_whole.onnx", "an input of tensor(u8)"),
            (FeatureNetwork::read(&text, "0..1"), "words.onnx", "this is not a network"),
            (FeatureNetwork::read(&cut, "0..1"), "cut.onnx", "this is not a network"),
            (FeatureNetwork::read(&folder.path().join("none.onnx"), "0..1"), "none.onnx", "there is no such file"),
        ];
        for (read, place, what) in cases {
            let fault = read.err().unwrap_or_else(|| panic!("{place} was taken"));
            assert!(fault.place().ends_with(place) && fault.to_string().contains(what), "{what}: {fault}");
        }
    }

    #[test]
    fn ranges_are_two_numbers() {
        for (text, range) in
            [("0..1", (0.0, 1.0)), ("-1..1", (-1.0, 1.0)), ("0..255", (0.0, 255.0)), ("1..0", (1.0, 0.0))]
        {
            assert_eq!(parse_range(text), Ok(range));
        }
        for text in ["", "1", "0..0", "0..x", "nan..1", "0..inf", "a..b..c"] {
            assert!(parse_range(text).is_err(), "{text}");
        }
    }
}
