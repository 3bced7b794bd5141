//! Sizes of a convolution by Winograd, and which of its tiles are done.

use crate::pieces::Pieces;
use crate::vector::Vector;

/// Tiles that are transformed at once. Of 16, 24, 32, 48, 64 and 96 this was the fastest for the layers of table 1
/// (`--example blocks`): fewer read the weights too often, more no longer fit into the second cache.
pub(crate) const TILES_AT_ONCE: usize = 48;

/// Below so many channels the transforms cost more than they save.
const FEWEST_CHANNELS: usize = 16;

/// Numbers of a transformed tile.
pub(crate) const N_TAPS: usize = 36;

/// Sizes of a convolution of one picture: H × W with C channels and a border of zeros around it to C' channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub height: usize,
    pub width: usize,
    pub n_in: usize,
    pub n_out: usize,
    /// Zeros on each side.
    pub border: usize,
}

impl Field {
    pub fn height_out(&self) -> usize {
        self.height + 2 * self.border - 2
    }

    pub fn width_out(&self) -> usize {
        self.width + 2 * self.border - 2
    }

    /// Whether there are channels enough.
    pub fn pays(&self) -> bool {
        self.n_in >= FEWEST_CHANNELS && self.n_out >= FEWEST_CHANNELS
    }

    pub fn tile_rows(&self) -> usize {
        self.height_out().div_ceil(4)
    }

    pub fn tile_columns(&self) -> usize {
        self.width_out().div_ceil(4)
    }

    /// Pairs of vectors of output channels.
    pub fn n_pairs(&self, lanes: usize) -> usize {
        self.n_out.div_ceil(2 * lanes)
    }

    /// Numbers of the transformed weight gradient.
    pub fn n_sums(&self, lanes: usize) -> usize {
        N_TAPS * self.n_pairs(lanes) * self.n_in * 2 * lanes
    }

    /// How a batch of `n` pictures is cut for the threads: into `fewest` pieces at least, if that leaves `fewest_tiles`
    /// to each, so that their tiles fill the registers and the caches.
    pub fn pieces(&self, n: usize, fewest: usize, fewest_tiles: usize) -> Pieces {
        let (height, columns) = (self.height_out(), self.tile_columns());
        let per_picture = self.tile_rows() * columns;
        let tiles = (n * per_picture / fewest).clamp(fewest_tiles, TILES_AT_ONCE);
        let rows = if tiles < per_picture { 4 * (tiles / columns).max(1) } else { height };
        Pieces { n_pictures: n, pictures: (tiles / per_picture).max(1), height, rows: rows.min(height) }
    }

    /// Numbers of the transformed weights.
    pub fn n_packed<V: Vector>(&self) -> usize {
        N_TAPS * self.n_in * self.n_out.next_multiple_of(V::LANES)
    }
}

/// Which tiles are done: rows of tiles of pictures that lie one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tiles {
    pub n_pictures: usize,
    /// First row of tiles.
    pub first_row: usize,
    pub n_rows: usize,
}

impl Tiles {
    pub fn count(&self, field: &Field) -> usize {
        self.n_pictures * self.n_rows * field.tile_columns()
    }

    /// Picture, row and column of a tile.
    pub fn place(&self, field: &Field, tile: usize) -> [usize; 3] {
        let (columns, per_picture) = (field.tile_columns(), self.n_rows * field.tile_columns());
        let within = tile % per_picture;
        [tile / per_picture, self.first_row + within / columns, within % columns]
    }
}
