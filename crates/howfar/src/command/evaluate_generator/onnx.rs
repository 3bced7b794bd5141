//! A user's feature network: an ONNX file that takes pictures and gives numbers.
//!
//! In: a file, pictures of any size and colours. Out: one row of numbers a picture, its first output flattened. What
//! the numbers mean is the user's business.

use std::path::{Path, PathBuf};

use howfar_face::{Fault, Picture, checksum, files};
use howfar_prepare::Crop;
use rten::{DataType, Dimension, Model, NodeId, ValueType};
use rten_tensor::{AsView, Layout, NdTensor, Tensor};

/// Pictures that go through together where the network does not fix it.
const PICTURES_AT_ONCE: usize = 32;
/// Numbers a face that can be compared in bounded time and memory; the usual networks give 128 to 4096.
const MOST_FEATURES: usize = 16_384;
/// What a network takes.
const EXPECTED: &str = "one input N×C×H×W of 32-bit numbers, C = 1 or 3, H = W";

/// A network with what is known of its input.
pub struct FeatureNetwork {
    path: PathBuf,
    model: Model,
    input: NodeId,
    output: NodeId,
    sizes: InputSizes,
    /// What black and white become.
    range: (f32, f32),
    sha256: String,
}

/// Sizes of the input; none where the network takes any.
#[derive(Debug, Clone, Copy, PartialEq)]
struct InputSizes {
    batch: Option<usize>,
    n_channels: Option<usize>,
    side: Option<usize>,
}

impl FeatureNetwork {
    /// Reads a file and checks that it takes pictures.
    pub fn read(path: &Path, range: &str) -> Result<Self, Fault> {
        let range = parse_range(range)?;
        let bytes = files::read_weights(path)?;
        let sha256 = checksum::sha256_hex(&[&bytes]);
        let model = Model::load(bytes).map_err(|error| {
            Fault::data(path.display(), "this is not a network that can be read")
                .found(error)
                .expected("an ONNX file with its weights inside")
                .hint("export the network up to the layer whose output is to be compared, as one file")
        })?;
        let ([input], [output, ..]) = (model.input_ids(), model.output_ids()) else {
            return Err(Fault::data(
                path.display(),
                "the network has other inputs or outputs than one that looks at pictures",
            )
            .found(format!("{} inputs, {} outputs", model.input_ids().len(), model.output_ids().len()))
            .expected(EXPECTED));
        };
        let (input, output) = (*input, *output);
        let sizes = input_sizes(&model, input).map_err(|found| {
            Fault::data(path.display(), "the network does not take pictures").found(found).expected(EXPECTED)
        })?;
        Ok(FeatureNetwork { path: path.to_owned(), model, input, output, sizes, range, sha256 })
    }

    /// A name for tables.
    pub fn words(&self, n_features: usize) -> String {
        let output = self.model.node_info(self.output).and_then(|info| info.name()).unwrap_or("the first output");
        let (black, white) = self.range;
        let (file, sha256) = (self.path.display(), &self.sha256[..12]);
        format!("{file} (SHA-256 {sha256}…), {n_features} values of {output:?}, pixels in {black}..{white}")
    }

    /// What the network says of pictures, one row each.
    pub fn features(&self, pictures: &[Picture]) -> Result<Vec<Vec<f32>>, Fault> {
        let at_once = self.sizes.batch.unwrap_or(PICTURES_AT_ONCE);
        let batches = pictures.chunks(at_once).map(|batch| self.batch(batch));
        Ok(batches.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn batch(&self, pictures: &[Picture]) -> Result<Vec<Vec<f32>>, Fault> {
        let fault = |what: &str| Fault::data(self.path.display(), what);
        let first = &pictures[0];
        let side = self.sizes.side.unwrap_or(first.width as usize);
        let n_channels = self.sizes.n_channels.unwrap_or(first.channels as usize);
        // A network with a fixed batch gets the last picture again until the batch is full.
        let n = self.sizes.batch.unwrap_or(pictures.len());
        let filled = pictures.iter().chain(std::iter::repeat(&pictures[pictures.len() - 1])).take(n);
        let values: Vec<f32> = filled.flat_map(|picture| self.planes(picture, side, n_channels)).collect();
        let input = NdTensor::from_data([n, n_channels, side, side], values);
        let outputs = self.model.run(vec![(self.input, input.into())], &[self.output], None).map_err(|error| {
            fault("the network cannot be run")
                .found(error)
                .expected(format!("a network that takes {n}×{n_channels}×{side}×{side} numbers"))
        })?;
        let output = outputs.into_iter().next().and_then(|output| Tensor::<f32>::try_from(output).ok());
        let output = output.ok_or_else(|| fault("the network's first output is not made of 32-bit numbers"))?;
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

fn input_sizes(model: &Model, input: NodeId) -> Result<InputSizes, String> {
    let info = model.node_info(input).ok_or("an input without a description")?;
    if let Some(kind) = info.dtype().filter(|kind| *kind != ValueType::Tensor(DataType::Float)) {
        return Err(format!("an input of {kind}"));
    }
    // A network that says no sizes takes any.
    let Some(dimensions) = info.shape() else { return Ok(InputSizes { batch: None, n_channels: None, side: None }) };
    let words: Vec<String> = dimensions.iter().map(word).collect();
    let words = words.join("×");
    let fixed = |dimension: &Dimension| match dimension {
        Dimension::Fixed(n) => Some(*n),
        Dimension::Symbolic(_) => None,
    };
    let &[batch, n_channels, height, width] = &dimensions.iter().map(fixed).collect::<Vec<_>>()[..] else {
        return Err(words);
    };
    let is_square = height.is_none() || width.is_none() || height == width;
    let side = height.or(width);
    let fits = |n: Option<usize>, most: usize| n.is_none_or(|n| (1..=most).contains(&n));
    if !is_square || n_channels.is_some_and(|n| n != 1 && n != 3) || !fits(side, 2048) || !fits(batch, 1024) {
        return Err(words);
    }
    Ok(InputSizes { batch, n_channels, side })
}

fn word(dimension: &Dimension) -> String {
    match dimension {
        Dimension::Fixed(n) => n.to_string(),
        Dimension::Symbolic(name) => name.clone(),
    }
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
            serde_json::from_str(include_str!("../../../../../reference/feature_network.json")).unwrap();
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
