//! What the networks are made of: blocks of a 3×3 convolution, then dense layers.
//!
//! In: a plan, a number of classes, the shape of a picture. Out: the list of layers with their sizes, which everything
//! else reads.

use howfar_network::{BlockPlan, DensePlan, Padding, Plan};

use crate::NetFault;

/// Convolution 3×3 with bias, then batch norm (or not), ReLU, 2×2 max pooling (or not), dropout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Channels in.
    pub n_in: usize,
    /// Channels out.
    pub n_out: usize,
    /// Rows and columns in.
    pub side: usize,
    /// The border.
    pub padding: Padding,
    /// Whether the channels are normalised over the batch.
    pub norm: bool,
    /// Whether the output is halved; an odd last row or column is left out.
    pub pool: bool,
    /// Share of the outputs that training drops.
    pub dropout: f32,
}

impl Block {
    /// Rows and columns of the convolution's output.
    pub fn convolved_side(&self) -> usize {
        self.side + 2 * self.padding.border() - 2
    }

    /// Rows and columns out.
    pub fn side_out(&self) -> usize {
        if self.pool { self.convolved_side() / 2 } else { self.convolved_side() }
    }

    /// Outputs a picture.
    pub fn n_values_out(&self) -> usize {
        self.side_out() * self.side_out() * self.n_out
    }
}

/// A dense layer with bias; the last one gives the logits or places, the others have ReLU and dropout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dense {
    /// Values in.
    pub n_in: usize,
    /// Values out.
    pub n_out: usize,
    /// Whether ReLU follows.
    pub relu: bool,
    /// Share of the outputs that training drops.
    pub dropout: f32,
}

/// What a picture is that a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureShape {
    /// Pixels a side.
    pub side: usize,
    /// 1 (gray) or 3 (red, green, blue, interleaved).
    pub n_channels: usize,
}

impl PictureShape {
    /// One channel.
    pub fn gray(side: usize) -> Self {
        PictureShape { side, n_channels: 1 }
    }
}

/// All layers of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Architecture {
    /// What it was built after.
    pub plan: &'static Plan,
    /// Numbers out: one per class, or two per point.
    pub n_outputs: usize,
    /// Its input.
    pub picture: PictureShape,
    /// Convolutions in order.
    pub blocks: Vec<Block>,
    /// Dense layers in order.
    pub dense: Vec<Dense>,
}

/// Numbers that a network may give of a picture.
const MOST_OUTPUTS: usize = 4096;
/// Pixels a side of the largest pictures.
const LARGEST_SIDE: usize = 4096;

impl Architecture {
    /// The layers for pictures of a shape. Refuses fewer than two numbers out and more than 4096, a side that leaves
    /// nothing to the dense layers or is above 4096, and other channels than 1 or 3.
    pub fn new(plan: &'static Plan, n_outputs: usize, picture: PictureShape) -> Result<Self, NetFault> {
        let PictureShape { side, n_channels } = picture;
        if ![1, 3].contains(&n_channels) {
            return Err(NetFault::new("channels", "no such pictures", n_channels, "1 (gray) or 3 (red, green, blue)"));
        }
        if n_outputs < 2 {
            return Err(NetFault::new("classes", "too few to tell apart", n_outputs, "at least 2"));
        }
        if n_outputs > MOST_OUTPUTS {
            let expected = format!("at most {MOST_OUTPUTS}");
            return Err(NetFault::new("classes", "more than howfar tells apart", n_outputs, expected));
        }
        if side > LARGEST_SIDE {
            return Err(NetFault::new("side", "the pictures are too large", side, format!("at most {LARGEST_SIDE}")));
        }
        let (mut blocks, mut n_in, mut side_in) = (Vec::new(), n_channels, side);
        for &BlockPlan { n_out, pool, dropout } in plan.blocks {
            let (padding, norm) = (plan.padding, plan.norm);
            let block = Block { n_in, n_out, side: side_in, padding, norm, pool, dropout };
            if side_in < 4 || block.side_out() == 0 {
                return Err(NetFault::new("side", "the pictures are too small for this network", side, "48 to 256"));
            }
            (n_in, side_in) = (n_out, block.side_out());
            blocks.push(block);
        }
        let (mut dense, mut n_in) = (Vec::new(), side_in * side_in * n_in);
        for &DensePlan { n_out, dropout } in plan.hidden {
            dense.push(Dense { n_in, n_out, relu: true, dropout });
            n_in = n_out;
        }
        dense.push(Dense { n_in, n_out: n_outputs, relu: false, dropout: 0.0 });
        Ok(Architecture { plan, n_outputs, picture, blocks, dense })
    }

    /// The fewest bytes that a training holds with so many pictures a step: every weight with its gradient and Adam's
    /// two moments, and of each picture what every layer gave, for the way back.
    pub fn training_bytes(&self, batch: u64) -> u64 {
        let given = self.blocks.iter().map(Block::n_values_out).chain(self.dense.iter().map(|dense| dense.n_out));
        crate::training_bytes(4 * self.n_parameters(), given.sum(), batch)
    }

    /// Numbers that training moves.
    pub fn n_parameters(&self) -> usize {
        // The dense layers of large pictures would take gigabytes just to be counted.
        let blocks = self.blocks.iter().map(|b| b.n_out * (9 * b.n_in + if b.norm { 3 } else { 1 }));
        blocks.sum::<usize>() + self.dense.iter().map(|d| d.n_out * (d.n_in + 1)).sum::<usize>()
    }

    /// Numbers a picture.
    pub fn n_inputs(&self) -> usize {
        self.picture.side * self.picture.side * self.picture.n_channels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_network::Network;

    #[test]
    fn sizes_follow_the_padding_and_the_pooling() {
        for (network, side, flat) in [
            (Network::Table1Same, 64, 8192),
            (Network::Table1Valid, 64, 4608),
            (Network::Compact, 64, 512),
            (Network::Compact, 48, 288),
            (Network::Compact, 100, 1152),
            (Network::Medium, 64, 1024),
            (Network::Vgg16, 64, 2048),
            (Network::Table1Same, 256, 32 * 32 * 128),
        ] {
            for n_channels in [1, 3] {
                let architecture = Architecture::new(network.plan(), 6, PictureShape { side, n_channels }).unwrap();
                assert_eq!(architecture.dense[0].n_in, flat, "{network:?} {side}");
                assert_eq!(
                    (architecture.blocks[0].n_in, architecture.n_inputs()),
                    (n_channels, side * side * n_channels)
                );
            }
        }
    }

    #[test]
    fn a_training_holds_its_weights_four_times_and_what_each_picture_gave() {
        let gray = |network: Network, side| Architecture::new(network.plan(), 6, PictureShape::gray(side)).unwrap();
        let small = gray(Network::Table1Same, 64);
        let n_weights = crate::Weights::blank(&small).n_trained() as u64;
        let per_picture = small.training_bytes(9) - small.training_bytes(8);
        assert_eq!(small.training_bytes(0), 16 * n_weights);
        // After the first block alone 32 × 32 × 32 numbers.
        assert!(per_picture > 4 * 32 * 32 * 32, "{per_picture}");
        // 34 thousand million weights between the last block and the first dense layer.
        assert!(gray(Network::Vgg16, 4096).training_bytes(1) > 30_000_000_000 * 16 / 4);
        assert_eq!(gray(Network::Vgg16, 4096).training_bytes(u64::MAX), u64::MAX);
    }

    #[test]
    fn pictures_that_vanish_are_refused() {
        for network in Network::ALL {
            let place = |n_classes, side, n_channels| {
                Architecture::new(network.plan(), n_classes, PictureShape { side, n_channels }).unwrap_err().place
            };
            assert_eq!([place(6, 8, 1), place(1, 64, 1), place(6, 64, 2)], ["side", "classes", "channels"]);
        }
    }
}
