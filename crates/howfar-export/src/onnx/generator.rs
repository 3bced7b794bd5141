//! A generator as an ONNX file: of either kind, with its weight file's card in the metadata.
//!
//! In: a generator. Out: the bytes of a file, whose inputs and output are those of `howfar generator run`.

use howfar_net::gan::{Generator, GeneratorShape};
use serde_json::json;

use super::graph::{Graph, Words};
use super::{stargan, stylegan2};

/// The file's bytes. Whom the generator has learnt from stands in its card, which goes with it.
pub(crate) fn bytes(generator: &Generator) -> Vec<u8> {
    let Generator { shape, parameters, card } = generator;
    let mut graph = Graph::default();
    let (inputs, output, doc) = match shape {
        GeneratorShape::StarGan(shape) => {
            let classes: Vec<&str> =
                card["classes"].as_array().into_iter().flatten().filter_map(|c| c.as_str()).collect();
            stargan::transfer(&mut graph, shape, parameters);
            (stargan::inputs(shape, &classes.join(", ")).to_vec(), stargan::output(shape), stargan::DOC)
        }
        GeneratorShape::StyleGan2(shape) => {
            stylegan2::draw(&mut graph, shape, parameters);
            (stylegan2::inputs(shape).to_vec(), stylegan2::output(shape), stylegan2::DOC)
        }
    };
    let metadata = json!({"generator": shape.kind(), "sizes": shape.sizes(), "card": card});
    graph.file(&Words { name: shape.kind(), doc, metadata }, inputs, output)
}
