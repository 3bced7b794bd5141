//! A model as an ONNX file: pictures of 8 bits in, probabilities out.
//!
//! In: a model. Out: a graph that makes gray levels, size and scale of a picture what the network was trained on, then
//! its layers by the names of their weights, then the softmax. The same numbers as howfar's within rounding; a picture
//! of another size is resized by the runtime (linear, antialiased), which is not howfar's way.

use howfar_face::LUMA;
use howfar_net::{Architecture, Block, NORM_EPSILON};
use howfar_protocol::PixelScaling;
use howfar_train::Model;

use super::graph::{Graph, Words, float, int, ints, text, value};
use super::proto::DataType;

/// The file's bytes.
pub(crate) fn bytes(model: &Model) -> Vec<u8> {
    let mut graph = Graph::default();
    let faces = preprocessing(&mut graph, model);
    let architecture = model.classifier().architecture();
    let logits = if model.test_flip() {
        let both = with_mirrored(&mut graph, &faces);
        let logits = network(&mut graph, model, &both);
        mean_of_halves(&mut graph, &logits)
    } else {
        network(&mut graph, model, &faces)
    };
    graph.node("Softmax", &[&logits], vec![int("axis", -1)], "probabilities");
    let classes = model.classes().join(", ");
    let input = value(
        "pictures",
        DataType::Uint8,
        &[Err("n"), Err("height"), Err("width"), Ok(3)],
        format!("cropped faces, red, green and blue; {0} pixels a side, others are resized", model.side()),
    );
    let output = value("probabilities", DataType::Float, &[Err("n"), Ok(architecture.n_outputs)], classes);
    let words = Words {
        name: architecture.plan.name,
        doc: "A network that says what an expression looks like, not what a person feels.",
        metadata: crate::about(model),
    };
    graph.file(&words, vec![input], output)
}

/// From pictures `[N, H, W, 3]` to what the network sees, `[N, C, S, S]`.
fn preprocessing(graph: &mut Graph, model: &Model) -> String {
    let floats = graph.node("Cast", &["pictures"], vec![int("to", DataType::Float as i64)], "pixels");
    let mut planes = graph.node("Transpose", &[&floats], vec![ints("perm", &[0, 3, 1, 2])], "planes");
    if model.n_channels() == 1 {
        // Whole numbers throughout, so that levels round as they do in howfar.
        let weights = graph.floats("gray.weights", &[1, 3, 1, 1], &LUMA.map(|weight| weight as f32));
        let weighted = graph.node("Mul", &[&planes, &weights], Vec::new(), "gray.weighted");
        let channel = graph.ints("gray.axis", &[1]);
        let sum = graph.node("ReduceSum", &[&weighted, &channel], vec![int("keepdims", 1)], "gray.sum");
        let half = graph.floats("gray.half", &[], &[500.0]);
        let sum = graph.node("Add", &[&sum, &half], Vec::new(), "gray.rounded_sum");
        let thousand = graph.floats("gray.thousand", &[], &[1000.0]);
        let level = graph.node("Div", &[&sum, &thousand], Vec::new(), "gray.level");
        planes = graph.node("Floor", &[&level], Vec::new(), "gray");
    }
    let side = model.side() as i64;
    let sides = graph.ints("resized.sides", &[side, side]);
    let linear = vec![
        text("mode", "linear"),
        text("coordinate_transformation_mode", "half_pixel"),
        int("antialias", 1),
        ints("axes", &[2, 3]),
    ];
    let resized = graph.node("Resize", &[&planes, "", "", &sides], linear, "resized");
    let levels = graph.node("Round", &[&resized], Vec::new(), "levels");
    match model.scaling() {
        PixelScaling::UnitRange => {
            let white = graph.floats("scaled.white", &[], &[255.0]);
            graph.node("Div", &[&levels, &white], Vec::new(), "scaled")
        }
        PixelScaling::PerPicture => {
            let axes = graph.ints("scaled.axes", &[1, 2, 3]);
            let mean = graph.node("ReduceMean", &[&levels, &axes], vec![int("keepdims", 1)], "scaled.mean");
            let centred = graph.node("Sub", &[&levels, &mean], Vec::new(), "scaled.centred");
            let squares = graph.node("Mul", &[&centred, &centred], Vec::new(), "scaled.squares");
            let variance = graph.node("ReduceMean", &[&squares, &axes], vec![int("keepdims", 1)], "scaled.variance");
            let deviation = graph.node("Sqrt", &[&variance], Vec::new(), "scaled.deviation");
            // An empty picture has no deviation; one of the 255 steps stands in for it.
            let step = graph.floats("scaled.step", &[], &[1.0]);
            let deviation = graph.node("Max", &[&deviation, &step], Vec::new(), "scaled.deviation_or_step");
            graph.node("Div", &[&centred, &deviation], Vec::new(), "scaled")
        }
    }
}

/// The faces, and their mirror images after them.
fn with_mirrored(graph: &mut Graph, faces: &str) -> String {
    let [begin, end, axis, step] = [("begin", -1), ("end", i64::MIN + 1), ("axis", 3), ("step", -1)]
        .map(|(name, number)| graph.ints(&format!("mirrored.{name}"), &[number]));
    let mirrored = graph.node("Slice", &[faces, &begin, &end, &axis, &step], Vec::new(), "mirrored");
    graph.node("Concat", &[faces, &mirrored], vec![int("axis", 0)], "both")
}

/// The mean of what was said of the faces and of their mirror images.
fn mean_of_halves(graph: &mut Graph, logits: &str) -> String {
    let halves = ["logits.of_face", "logits.of_mirrored"];
    graph.node_of_several("Split", &[logits], vec![int("axis", 0), int("num_outputs", 2)], "logits.halves", &halves);
    let sum = graph.node("Add", &halves, Vec::new(), "logits.sum");
    let half = graph.floats("logits.half", &[], &[0.5]);
    graph.node("Mul", &[&sum, &half], Vec::new(), "logits.mean")
}

/// All layers, with the weights' own names.
fn network(graph: &mut Graph, model: &Model, faces: &str) -> String {
    let Architecture { blocks, dense, .. } = model.classifier().architecture();
    for tensor in model.classifier().tensors("") {
        graph.floats(&tensor.name, &tensor.shape, &tensor.values);
    }
    let mut x = faces.to_owned();
    for (i, block) in blocks.iter().enumerate() {
        x = convolution_block(graph, block, &format!("block{}", i + 1), &x);
    }
    x = graph.node("Flatten", &[&x], vec![int("axis", 1)], "flat");
    for (i, layer) in dense.iter().enumerate() {
        let name = format!("dense{}", i + 1);
        let weights = [format!("{name}.weight"), format!("{name}.bias")];
        x = graph.node("Gemm", &[&x, &weights[0], &weights[1]], vec![int("transB", 1)], &name);
        if layer.relu {
            x = graph.node("Relu", &[&x], Vec::new(), &format!("{name}.relu"));
        }
    }
    x
}

/// Convolution, batch norm by the running statistics, ReLU, maximum of 2×2.
fn convolution_block(graph: &mut Graph, block: &Block, name: &str, x: &str) -> String {
    let part = |part: &str| format!("{name}.{part}");
    let border = block.padding.border() as i64;
    let window = vec![ints("kernel_shape", &[3, 3]), ints("pads", &[border; 4])];
    let weights = [part("convolution.weight"), part("convolution.bias")];
    let mut x = graph.node("Conv", &[x, &weights[0], &weights[1]], window, &part("convolution"));
    if block.norm {
        let [scale, shift, mean, variance] =
            ["weight", "bias", "running_mean", "running_var"].map(|of| part(&format!("norm.{of}")));
        let inputs = [x.as_str(), &scale, &shift, &mean, &variance];
        x = graph.node("BatchNormalization", &inputs, vec![float("epsilon", NORM_EPSILON)], &part("norm"));
    }
    x = graph.node("Relu", &[&x], Vec::new(), &part("relu"));
    if block.pool {
        let window = vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
        x = graph.node("MaxPool", &[&x], window, &part("pool"));
    }
    x
}
