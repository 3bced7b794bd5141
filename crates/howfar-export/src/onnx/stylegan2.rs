//! StyleGAN2's generator as a graph: latents and a truncation in, pictures out.
//!
//! In: sizes and numbers. Out: nodes from `z` and `truncation` to `pictures`, as
//! [`StyleGan2Shape::drawn`](howfar_net::gan::StyleGan2Shape::drawn) computes them, and the words on them. A modulated
//! convolution is a plain one, so that one batch holds any people: what goes in is scaled by the style, what comes out
//! by 1/√(Σ (weight · style)²). Weights go by the names of the weight file; those of transposed convolutions lie
//! `[C, C', 3, 3]`, biases after a convolution `[C, 1, 1]`.

use std::collections::BTreeMap;
use std::f32::consts::SQRT_2;

use howfar_net::Parameter;
use howfar_net::gan::{Parameters, STYLE_EPSILON, STYLE_SLOPE, STYLE_TAPS, StyleGan2Shape};

use super::graph::{Graph, float, int, value, window};
use super::proto::{DataType, ValueInfo};

/// What the graph is, for people.
pub(super) const DOC: &str = "StyleGAN2: pictures of latents. What comes out is generated. The noise of each layer is \
                              the one kept in the weights: equal latents give equal pictures.";

/// What goes in.
pub(super) fn inputs(shape: &StyleGan2Shape) -> [ValueInfo; 2] {
    let truncation = "how far people keep from the mean person: 1 as trained, 0 is always the same";
    [
        value("z", DataType::Float, &[Err("n"), Ok(shape.z_size)], "standard normal numbers".to_owned()),
        value("truncation", DataType::Float, &[], truncation.to_owned()),
    ]
}

/// What comes out.
pub(super) fn output(shape: &StyleGan2Shape) -> ValueInfo {
    let sides = [Err("n"), Ok(shape.n_channels), Ok(shape.side), Ok(shape.side)];
    value("pictures", DataType::Float, &sides, "black is -1, white 1; some numbers lie beyond".to_owned())
}

/// From `z` and `truncation` to `pictures`.
pub(super) fn draw(graph: &mut Graph, shape: &StyleGan2Shape, parameters: &Parameters) {
    let by_name = parameters.list().iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let mut drawing = Drawing { graph, shape, by_name };
    drawing.constants();
    let style = drawing.mapping();
    drawing.synthesis(&style);
}

/// A graph in the making with what its layers are made of.
struct Drawing<'a> {
    graph: &'a mut Graph,
    shape: &'a StyleGan2Shape,
    by_name: BTreeMap<&'a str, &'a Parameter>,
}

impl Drawing<'_> {
    /// Numbers that many layers share.
    fn constants(&mut self) {
        self.graph.floats("epsilon", &[], &[STYLE_EPSILON]);
        self.graph.floats("relu.gain", &[], &[SQRT_2]);
        self.graph.ints("pixel.axes", &[2, 3]);
        if let Some(bound) = self.shape.clamp {
            self.graph.floats("clamp.low", &[], &[-bound]);
            self.graph.floats("clamp.high", &[], &[bound]);
        }
    }

    /// A node without attributes.
    fn plain(&mut self, operator: &str, inputs: &[&str], name: &str) -> String {
        self.graph.node(operator, inputs, Vec::new(), name)
    }

    /// A tensor of the weight file, as it is.
    fn weight(&mut self, name: &str) -> String {
        let tensor = self.by_name[name];
        self.graph.floats(name, &tensor.shape, &tensor.values)
    }

    /// From `z` to styles `[N, W]`, pulled towards their mean.
    fn mapping(&mut self) -> String {
        let squares = self.plain("Mul", &["z", "z"], "mapping.squares");
        let axis = self.graph.ints("mapping.axis", &[1]);
        let mean = self.graph.node("ReduceMean", &[&squares, &axis], vec![int("keepdims", 1)], "mapping.mean_square");
        let mean = self.plain("Add", &[&mean, "epsilon"], "mapping.mean_square_and_epsilon");
        let length = self.plain("Sqrt", &[&mean], "mapping.length");
        let mut x = self.plain("Div", &["z", &length], "mapping.normalised");
        for i in 0..self.shape.mapping_layers {
            let name = format!("mapping.fc{i}");
            x = self.dense(&name, &x, self.shape.mapping_rate, 1.0);
            x = self.relu(&name, &x);
        }
        let mean = self.weight("mapping.w_avg");
        let from_mean = self.plain("Sub", &[&x, &mean], "truncated.from_mean");
        let nearer = self.plain("Mul", &[&from_mean, "truncation"], "truncated.nearer");
        self.plain("Add", &[&nearer, &mean], "truncated")
    }

    /// A dense layer with equalised learning rate: `rate` scales weights and bias; `gain` scales what comes out.
    fn dense(&mut self, name: &str, x: &str, rate: f32, gain: f32) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| self.weight(&format!("{name}.{part}")));
        let n_in = self.by_name[weight.as_str()].shape[1];
        let scales =
            vec![int("transB", 1), float("alpha", rate * gain / (n_in as f32).sqrt()), float("beta", rate * gain)];
        self.graph.node("Gemm", &[x, &weight, &bias], scales, name)
    }

    /// Leaky ReLU times √2.
    fn relu(&mut self, name: &str, x: &str) -> String {
        let bent = vec![float("alpha", STYLE_SLOPE)];
        let bent = self.graph.node("LeakyRelu", &[x], bent, &format!("{name}.relu"));
        self.plain("Mul", &[&bent, "relu.gain"], &format!("{name}.relu_with_gain"))
    }

    /// The bound that activations had in training, where they had one.
    fn clamped(&mut self, name: &str, x: String) -> String {
        match self.shape.clamp {
            Some(_) => self.plain("Clip", &[&x, "clamp.low", "clamp.high"], &format!("{name}.clamped")),
            None => x,
        }
    }

    /// From styles `[N, W]` to `pictures`.
    fn synthesis(&mut self, style: &str) {
        let shape = self.shape;
        let mut x = self.weight("synthesis.b4.const");
        let mut picture: Option<String> = None;
        for side in shape.sides() {
            let block = format!("synthesis.b{side}");
            if side > 4 {
                x = self.styled(&format!("{block}.conv0"), &x, style, true);
            }
            x = self.styled(&format!("{block}.conv1"), &x, style, false);
            let add = self.picture_of(&format!("{block}.torgb"), &x, style);
            let name = if side == shape.side { "pictures".to_owned() } else { format!("{block}.picture") };
            picture = Some(match picture {
                Some(small) => {
                    let doubled = self.doubled(&small, &format!("{block}.doubled"));
                    self.plain("Add", &[&doubled, &add], &name)
                }
                None => add,
            });
        }
    }

    /// What scales the channels `[N, C]` of a layer, as it comes out of `affine` and as `[N, C, 1, 1]`.
    fn scaled(&mut self, name: &str, x: &str, style: &str, gain: f32) -> (String, String) {
        let scale = self.dense(&format!("{name}.affine"), style, 1.0, gain);
        let of_pixel = self.plain("Unsqueeze", &[&scale, "pixel.axes"], &format!("{name}.scale"));
        let x = self.plain("Mul", &[x, &of_pixel], &format!("{name}.scaled"));
        (scale, x)
    }

    /// A modulated and demodulated 3×3 convolution, doubling the side where `up`, noise, bias and leaky ReLU.
    fn styled(&mut self, name: &str, x: &str, style: &str, up: bool) -> String {
        let part = |part: &str| format!("{name}.{part}");
        let (scale, x) = self.scaled(name, x, style, 1.0);
        let x = if up {
            self.convolved_up(name, &x)
        } else {
            let weight = self.weight(&part("weight"));
            self.graph.node("Conv", &[&x, &weight], window(3, 1, 1), name)
        };
        let shrink = self.demodulation(name, &scale);
        let x = self.plain("Mul", &[&x, &shrink], &part("demodulated"));
        let [noise, strength] = ["noise_const", "noise_strength"].map(|of| self.weight(&part(of)));
        let noise = self.plain("Mul", &[&noise, &strength], &part("noise"));
        let x = self.plain("Add", &[&x, &noise], &part("with_noise"));
        let bias = self.by_name[part("bias").as_str()];
        let bias = self.graph.floats(&bias.name, &[bias.values.len(), 1, 1], &bias.values);
        let x = self.plain("Add", &[&x, &bias], &part("with_bias"));
        let x = self.relu(name, &x);
        self.clamped(name, x)
    }

    /// 1/√(Σ (weight · style)²) of each channel that comes out, `[N, C', 1, 1]`.
    fn demodulation(&mut self, name: &str, scale: &str) -> String {
        let part = |part: &str| format!("{name}.demodulation{part}");
        let weight = self.by_name[format!("{name}.weight").as_str()];
        let [n_out, n_in] = [weight.shape[0], weight.shape[1]];
        let squares: Vec<f32> = weight.values.chunks(9).map(|taps| taps.iter().map(|tap| tap * tap).sum()).collect();
        let squares = self.graph.floats(&part(".weight"), &[n_out, n_in], &squares);
        let of_scale = self.plain("Mul", &[scale, scale], &part(".scale"));
        let length = self.graph.node("Gemm", &[&of_scale, &squares], vec![int("transB", 1)], &part(".length"));
        let length = self.plain("Add", &[&length, "epsilon"], &part(".length_and_epsilon"));
        let root = self.plain("Sqrt", &[&length], &part(".root"));
        let shrink = self.plain("Reciprocal", &[&root], &part(".shrink"));
        self.plain("Unsqueeze", &[&shrink, "pixel.axes"], &part(""))
    }

    /// A transposed 3×3 convolution to 2 H + 1 pixels a side, then the filter to 2 H.
    fn convolved_up(&mut self, name: &str, x: &str) -> String {
        let weight = self.by_name[format!("{name}.weight").as_str()];
        let [n_out, n_in] = [weight.shape[0], weight.shape[1]];
        let taps = |i: usize, o: usize| &weight.values[(o * n_in + i) * 9..][..9];
        let turned: Vec<f32> = (0..n_in).flat_map(|i| (0..n_out).flat_map(move |o| taps(i, o)).copied()).collect();
        let weight = self.graph.floats(&weight.name, &[n_in, n_out, 3, 3], &turned);
        let wide = self.graph.node("ConvTranspose", &[x, &weight], window(3, 2, 0), &format!("{name}.transposed"));
        self.filtered("Conv", &wide, n_out, 1, name)
    }

    /// A picture at twice its side.
    fn doubled(&mut self, picture: &str, name: &str) -> String {
        self.filtered("ConvTranspose", picture, self.shape.n_channels, 2, name)
    }

    /// The low-pass filter on each channel alone, with the gain of a doubled side.
    fn filtered(&mut self, operator: &str, x: &str, n_channels: usize, stride: usize, name: &str) -> String {
        let side = STYLE_TAPS.len();
        // The gain is 2 along each side; the taps are the same in both orders.
        let along = STYLE_TAPS.map(|tap| 2.0 * tap / STYLE_TAPS.iter().sum::<f32>());
        let plane: Vec<f32> = along.iter().flat_map(|row| along.iter().map(move |column| row * column)).collect();
        let taps =
            self.graph.floats(&format!("{name}.filter"), &[n_channels, 1, side, side], &plane.repeat(n_channels));
        let mut depthwise = window(side, stride, 1);
        depthwise.push(int("group", n_channels as i64));
        self.graph.node(operator, &[x, &taps], depthwise, name)
    }

    /// A modulated convolution of one tap to the picture's channels.
    fn picture_of(&mut self, name: &str, x: &str, style: &str) -> String {
        let weight = self.weight(&format!("{name}.weight"));
        let n_in = self.by_name[weight.as_str()].shape[1];
        // The weight's own scale goes into the style.
        let (_, x) = self.scaled(name, x, style, 1.0 / (n_in as f32).sqrt());
        let bias = self.weight(&format!("{name}.bias"));
        let x = self.graph.node("Conv", &[&x, &weight, &bias], window(1, 1, 0), name);
        self.clamped(name, x)
    }
}
