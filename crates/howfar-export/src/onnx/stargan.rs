//! StarGAN's generator as a graph: faces and labels in, the faces with those labels out.
//!
//! In: sizes and numbers. Out: nodes from `faces` and `labels` to `pictures`, as
//! [`StarGanShape::transfer`](howfar_net::gan::StarGanShape::transfer) computes them, and the words on them. Each
//! layer goes by the place of its weights in the public code's list.

use howfar_net::gan::resampling::INSTANCE_EPSILON;
use howfar_net::gan::{Parameters, StarGanShape};

use super::graph::{Graph, float, int, value, window};
use super::proto::{DataType, ValueInfo};

/// What the graph is, for people.
pub(super) const DOC: &str = "StarGAN: faces with the labels that are asked for. What comes out is generated.";

/// What goes in; `classes` are the labels' names in order.
pub(super) fn inputs(shape: &StarGanShape, classes: &str) -> [ValueInfo; 2] {
    let StarGanShape { side, n_channels, n_classes, .. } = *shape;
    let faces = "black is -1, white 1";
    let labels = format!("one-hot, other numbers scale or mix; {classes}");
    [
        value("faces", DataType::Float, &[Err("n"), Ok(n_channels), Ok(side), Ok(side)], faces.to_owned()),
        value("labels", DataType::Float, &[Err("n"), Ok(n_classes)], labels),
    ]
}

/// What comes out.
pub(super) fn output(shape: &StarGanShape) -> ValueInfo {
    let sides = [Err("n"), Ok(shape.n_channels), Ok(shape.side), Ok(shape.side)];
    value("pictures", DataType::Float, &sides, "black is -1, white 1".to_owned())
}

/// From `faces` and `labels` to `pictures`.
pub(super) fn transfer(graph: &mut Graph, shape: &StarGanShape, parameters: &Parameters) {
    for tensor in parameters.list() {
        graph.floats(&tensor.name, &tensor.shape, &tensor.values);
    }
    let mut x = with_planes(graph, shape.side as i64);
    x = convolve(graph, "Conv", &x, "main.0", [7, 1, 3]);
    x = normed_relu(graph, &x, "main.1");
    for i in shape.down_places() {
        x = convolve(graph, "Conv", &x, &format!("main.{i}"), [4, 2, 1]);
        x = normed_relu(graph, &x, &format!("main.{}", i + 1));
    }
    for i in shape.block_places() {
        let part = |part: usize| format!("main.{i}.main.{part}");
        let y = convolve(graph, "Conv", &x, &part(0), [3, 1, 1]);
        let y = normed_relu(graph, &y, &part(1));
        let y = convolve(graph, "Conv", &y, &part(3), [3, 1, 1]);
        let y = instance_norm(graph, &y, &part(4));
        x = graph.node("Add", &[&x, &y], Vec::new(), &format!("main.{i}"));
    }
    for i in shape.up_places() {
        x = convolve(graph, "ConvTranspose", &x, &format!("main.{i}"), [4, 2, 1]);
        x = normed_relu(graph, &x, &format!("main.{}", i + 1));
    }
    x = convolve(graph, "Conv", &x, &format!("main.{}", shape.last_place()), [7, 1, 3]);
    graph.node("Tanh", &[&x], Vec::new(), "pictures");
}

/// The faces, and a plane for each label after their channels.
fn with_planes(graph: &mut Graph, side: i64) -> String {
    let axes = graph.ints("planes.axes", &[2, 3]);
    let points = graph.node("Unsqueeze", &["labels", &axes], Vec::new(), "planes.points");
    let sides = graph.ints("planes.sides", &[1, 1, side, side]);
    let planes = graph.node("Expand", &[&points, &sides], Vec::new(), "planes");
    graph.node("Concat", &["faces", &planes], vec![int("axis", 1)], "faces_and_planes")
}

/// A convolution, or a transposed one, without bias.
fn convolve(graph: &mut Graph, operator: &str, x: &str, name: &str, [side, stride, border]: [usize; 3]) -> String {
    graph.node(operator, &[x, &format!("{name}.weight")], window(side, stride, border), name)
}

/// Every channel of every picture by its own statistics.
fn instance_norm(graph: &mut Graph, x: &str, name: &str) -> String {
    let [scale, shift] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
    graph.node("InstanceNormalization", &[x, &scale, &shift], vec![float("epsilon", INSTANCE_EPSILON)], name)
}

fn normed_relu(graph: &mut Graph, x: &str, name: &str) -> String {
    let normed = instance_norm(graph, x, name);
    graph.node("Relu", &[&normed], Vec::new(), &format!("{name}.relu"))
}
