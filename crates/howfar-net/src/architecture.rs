//! What the networks are made of: blocks of a 3×3 convolution, then dense layers.
//!
//! In: a kind, a number of classes, the shape of a picture. Out: the list of layers with their sizes, which everything else reads.

use crate::NetFault;

/// The networks that can be trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    /// Table 1 of Gholipour Picha et al. (2023) with the padding that its sizes mean.
    Table1Same,
    /// Table 1 as the authors' code has it, without padding.
    Table1Valid,
    /// Four blocks with batch norm and one dense layer.
    Compact,
    /// `Compact` with twice the channels.
    Medium,
    /// VGG16 (Simonyan and Zisserman, 2015): thirteen convolutions, three dense layers.
    Vgg16,
    /// Four blocks with batch norm and two dense layers: where the points of a face are. It tells no classes apart.
    Landmarks,
}

impl NetworkKind {
    /// All that tell classes apart.
    pub const ALL: [Self; 5] = [Self::Table1Same, Self::Table1Valid, Self::Compact, Self::Medium, Self::Vgg16];

    /// The word that stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table1Same => "table1-same",
            Self::Table1Valid => "table1-valid",
            Self::Compact => "compact",
            Self::Medium => "medium",
            Self::Vgg16 => "vgg16",
            Self::Landmarks => "landmarks",
        }
    }

    /// Reads the word back.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a 3×3 convolution sees beyond the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Zeros, so that the output is as large as the input.
    Same,
    /// Nothing: the output is 2 smaller in both directions.
    Valid,
}

impl Padding {
    /// Zeros on each side of the input.
    pub fn border(self) -> usize {
        match self {
            Self::Same => 1,
            Self::Valid => 0,
        }
    }
}

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
    /// Which network.
    pub kind: NetworkKind,
    /// Numbers out: one per class, or two a point.
    pub n_outputs: usize,
    /// Its input.
    pub picture: PictureShape,
    /// Convolutions in order.
    pub blocks: Vec<Block>,
    /// Dense layers in order.
    pub dense: Vec<Dense>,
}

/// The convolutions of VGG16: channels out, pooling, dropout.
const VGG16: [(usize, bool, f32); 13] = [
    (64, false, 0.0),
    (64, true, 0.0),
    (128, false, 0.0),
    (128, true, 0.0),
    (256, false, 0.0),
    (256, false, 0.0),
    (256, true, 0.0),
    (512, false, 0.0),
    (512, false, 0.0),
    (512, true, 0.0),
    (512, false, 0.0),
    (512, false, 0.0),
    (512, true, 0.0),
];

/// Numbers that a network may give of a picture.
const MOST_OUTPUTS: usize = 4096;
/// Pixels a side of the largest pictures.
const LARGEST_SIDE: usize = 4096;

impl Architecture {
    /// The layers for pictures of a shape. Refuses fewer than two numbers out and more than 4096, a side that leaves
    /// nothing to the dense layers or is above 4096, and other channels than 1 or 3.
    pub fn new(kind: NetworkKind, n_outputs: usize, picture: PictureShape) -> Result<Self, NetFault> {
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
        // Channels out, pooling, dropout.
        let (padding, norm, layers): (_, _, &[(usize, bool, f32)]) = match kind {
            NetworkKind::Compact => {
                (Padding::Same, true, &[(12, true, 0.0), (24, true, 0.0), (32, true, 0.0), (32, true, 0.4)])
            }
            NetworkKind::Medium => {
                (Padding::Same, true, &[(24, true, 0.0), (48, true, 0.0), (64, true, 0.0), (64, true, 0.4)])
            }
            NetworkKind::Landmarks => {
                (Padding::Same, true, &[(16, true, 0.0), (32, true, 0.0), (64, true, 0.0), (96, true, 0.0)])
            }
            NetworkKind::Vgg16 => (Padding::Same, false, &VGG16),
            NetworkKind::Table1Same | NetworkKind::Table1Valid => {
                let padding = if kind == NetworkKind::Table1Same { Padding::Same } else { Padding::Valid };
                (padding, false, &[(32, false, 0.0), (64, true, 0.25), (128, true, 0.0), (128, true, 0.25)])
            }
        };
        let (mut blocks, mut n_in, mut side_in) = (Vec::new(), n_channels, side);
        for &(n_out, pool, dropout) in layers {
            let block = Block { n_in, n_out, side: side_in, padding, norm, pool, dropout };
            if side_in < 4 || block.side_out() == 0 {
                return Err(NetFault::new("side", "the pictures are too small for this network", side, "48 to 256"));
            }
            (n_in, side_in) = (n_out, block.side_out());
            blocks.push(block);
        }
        let n_flat = side_in * side_in * n_in;
        let dense = match kind {
            NetworkKind::Compact | NetworkKind::Medium => {
                vec![Dense { n_in: n_flat, n_out: n_outputs, relu: false, dropout: 0.0 }]
            }
            NetworkKind::Landmarks => vec![
                Dense { n_in: n_flat, n_out: 112, relu: true, dropout: 0.0 },
                Dense { n_in: 112, n_out: n_outputs, relu: false, dropout: 0.0 },
            ],
            NetworkKind::Vgg16 => vec![
                Dense { n_in: n_flat, n_out: 4096, relu: true, dropout: 0.5 },
                Dense { n_in: 4096, n_out: 4096, relu: true, dropout: 0.5 },
                Dense { n_in: 4096, n_out: n_outputs, relu: false, dropout: 0.0 },
            ],
            NetworkKind::Table1Same | NetworkKind::Table1Valid => vec![
                Dense { n_in: n_flat, n_out: 1024, relu: true, dropout: 0.5 },
                Dense { n_in: 1024, n_out: n_outputs, relu: false, dropout: 0.0 },
            ],
        };
        Ok(Architecture { kind, n_outputs, picture, blocks, dense })
    }

    /// Numbers a picture.
    pub fn n_inputs(&self) -> usize {
        self.picture.side * self.picture.side * self.picture.n_channels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_the_padding_and_the_pooling() {
        for (kind, side, flat) in [
            (NetworkKind::Table1Same, 64, 8192),
            (NetworkKind::Table1Valid, 64, 4608),
            (NetworkKind::Compact, 64, 512),
            (NetworkKind::Compact, 48, 288),
            (NetworkKind::Compact, 100, 1152),
            (NetworkKind::Medium, 64, 1024),
            (NetworkKind::Vgg16, 64, 2048),
            (NetworkKind::Table1Same, 256, 32 * 32 * 128),
        ] {
            for n_channels in [1, 3] {
                let architecture = Architecture::new(kind, 6, PictureShape { side, n_channels }).unwrap();
                assert_eq!(architecture.dense[0].n_in, flat, "{kind:?} {side}");
                assert_eq!(
                    (architecture.blocks[0].n_in, architecture.n_inputs()),
                    (n_channels, side * side * n_channels)
                );
            }
        }
    }

    #[test]
    fn pictures_that_vanish_are_refused() {
        for kind in NetworkKind::ALL {
            let place = |n_classes, side, n_channels| {
                Architecture::new(kind, n_classes, PictureShape { side, n_channels }).unwrap_err().place
            };
            assert_eq!([place(6, 8, 1), place(1, 64, 1), place(6, 64, 2)], ["side", "classes", "channels"]);
            assert_eq!(NetworkKind::from_name(kind.name()), Some(kind));
        }
    }
}
