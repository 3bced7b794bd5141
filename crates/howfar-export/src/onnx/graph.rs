//! A graph in the making: nodes one after the other, each named after what it gives.
//!
//! In: operators, their inputs and attributes; at last what is said of the whole. Out: the bytes of a file.

use prost::Message;
use serde_json::Value;

use super::proto::{
    Attribute, DataType, Dimension, GraphProto, ModelProto, NodeProto, OperatorSet, Property, Shape, TensorProto,
    TensorType, TypeProto, ValueInfo,
};

const OPSET: i64 = 18;
const IR_VERSION: i64 = 8;

/// What a file says of itself.
pub(super) struct Words<'a> {
    /// Of the graph.
    pub name: &'a str,
    /// A sentence or two for people.
    pub doc: &'a str,
    /// An object; each key is written with its value, as JSON where that is no text.
    pub metadata: Value,
}

#[derive(Default)]
pub(super) struct Graph {
    proto: GraphProto,
}

impl Graph {
    /// A node with one output, which goes by `name`.
    pub fn node(&mut self, operator: &str, inputs: &[&str], attributes: Vec<Attribute>, name: &str) -> String {
        self.node_of_several(operator, inputs, attributes, name, &[name]);
        name.to_owned()
    }

    /// A node with several outputs.
    pub fn node_of_several(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<Attribute>,
        name: &str,
        outputs: &[&str],
    ) {
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: outputs.iter().map(|output| (*output).to_owned()).collect(),
            name: name.to_owned(),
            op_type: operator.to_owned(),
            attribute: attributes,
        });
    }

    /// Floats by name.
    pub fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        self.constant(name, shape, DataType::Float, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    /// Whole numbers by name.
    pub fn ints(&mut self, name: &str, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, &[values.len()], DataType::Int64, bytes)
    }

    fn constant(&mut self, name: &str, shape: &[usize], data_type: DataType, raw_data: Vec<u8>) -> String {
        let dims = shape.iter().map(|side| *side as i64).collect();
        self.proto.initializer.push(TensorProto { dims, data_type: data_type as i32, name: name.to_owned(), raw_data });
        name.to_owned()
    }

    /// The bytes of a file with this graph.
    pub fn file(self, words: &Words<'_>, inputs: Vec<ValueInfo>, output: ValueInfo) -> Vec<u8> {
        let graph = GraphProto { name: words.name.to_owned(), input: inputs, output: vec![output], ..self.proto };
        let property = |(key, value): (&String, &Value)| Property {
            key: key.clone(),
            value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        ModelProto {
            ir_version: IR_VERSION,
            producer_name: "howfar".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: words.doc.to_owned(),
            graph: Some(graph),
            opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
            metadata_props: words.metadata.as_object().into_iter().flatten().map(property).collect(),
        }
        .encode_to_vec()
    }
}

/// What goes in or comes out; a side is a number or a name.
pub(super) fn value(name: &str, data_type: DataType, sides: &[Result<usize, &str>], words: String) -> ValueInfo {
    let dimension = |side: &Result<usize, &str>| match side {
        Ok(number) => Dimension { value: Some(*number as i64), name: None },
        Err(name) => Dimension { value: None, name: Some((*name).to_owned()) },
    };
    let shape = Some(Shape { dim: sides.iter().map(dimension).collect() });
    let tensor = Some(TensorType { elem_type: data_type as i32, shape });
    ValueInfo { name: name.to_owned(), kind: Some(TypeProto { tensor }), doc_string: words }
}

pub(super) fn int(name: &str, value: i64) -> Attribute {
    Attribute { name: name.to_owned(), i: Some(value), kind: 2, ..Attribute::default() }
}

pub(super) fn float(name: &str, value: f32) -> Attribute {
    Attribute { name: name.to_owned(), f: Some(value), kind: 1, ..Attribute::default() }
}

pub(super) fn text(name: &str, value: &str) -> Attribute {
    Attribute { name: name.to_owned(), s: Some(value.as_bytes().to_vec()), kind: 3, ..Attribute::default() }
}

pub(super) fn ints(name: &str, values: &[i64]) -> Attribute {
    Attribute { name: name.to_owned(), ints: values.to_vec(), kind: 7, ..Attribute::default() }
}

/// A square window of a convolution: its side, its stride, the rows and columns of zeros around the picture.
pub(super) fn window(side: usize, stride: usize, border: usize) -> Vec<Attribute> {
    let [side, stride, border] = [side, stride, border].map(|n| n as i64);
    vec![ints("kernel_shape", &[side; 2]), ints("strides", &[stride; 2]), ints("pads", &[border; 4])]
}
