//! Triangles to pixels with a depth buffer; and a depth map seen from the light, for cast shadows.
//!
//! In: vertices in pixels (x right, y down, depth towards the viewer) and a brightness each. Out: a square picture.

use crate::light::{dot, unit};

/// A square picture with depth.
pub(crate) struct Framebuffer {
    pub size: usize,
    pub brightness: Vec<f32>,
    depth: Vec<f32>,
}

/// Which triangles are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sides {
    /// Those whose outer side faces the viewer.
    Front,
    /// All: thin sheets.
    Both,
}

/// Bounds and edge functions of a triangle over pixel centres; none if it covers no pixel.
struct Scan {
    x: std::ops::RangeInclusive<i32>,
    y: std::ops::RangeInclusive<i32>,
    /// Weight of corners 0 and 1: value at the first pixel, step in x, step in y.
    w0: [f32; 3],
    w1: [f32; 3],
}

/// The compiler calls a function for `f32::ceil` on plain x86-64; this is five times as fast.
fn ceiling(x: f32) -> i32 {
    let whole = x as i32;
    whole + i32::from((whole as f32) < x)
}

fn floor(x: f32) -> i32 {
    let whole = x as i32;
    whole - i32::from((whole as f32) > x)
}

/// Where a coordinate lies between pixel centres: twice the next whole number, and 1 more on a whole number itself.
fn cell(x: f32) -> i32 {
    let next = ceiling(x);
    next.saturating_mul(2) + i32::from(next as f32 == x)
}

/// Whether no centre's row or column crosses a triangle, as with most of them: they are as small as a pixel. What is
/// known of each corner once spares the arithmetic of six triangles around it.
fn misses_centres([a, b, c]: [[i32; 2]; 3]) -> bool {
    let between = |axis: usize| a[axis] == b[axis] && b[axis] == c[axis] && a[axis] % 2 == 0;
    between(0) || between(1)
}

impl Scan {
    fn new(corners: [[f32; 3]; 3], size: usize, sides: Sides) -> Option<Self> {
        let [a, b, c] = corners;
        let last = size as i32 - 1;
        let bounds = |axis: usize| {
            let low = ceiling(a[axis].min(b[axis]).min(c[axis]));
            let high = floor(a[axis].max(b[axis]).max(c[axis]));
            (low.max(0), high.min(last))
        };
        // Most triangles are as small as a pixel and cover no pixel's centre: they end here.
        let (x, y) = (bounds(0), bounds(1));
        if x.0 > x.1 || y.0 > y.1 {
            return None;
        }
        let area = (b[1] - c[1]) * (a[0] - c[0]) + (c[0] - b[0]) * (a[1] - c[1]);
        if area.abs() < 1e-9 || (sides == Sides::Front && area > 0.0) {
            return None;
        }
        let (x, y) = (x.0..=x.1, y.0..=y.1);
        let inverse = 1.0 / area;
        let (x0, y0) = (*x.start() as f32 - c[0], *y.start() as f32 - c[1]);
        let edge = |dy: f32, dx: f32| [(dy * x0 + dx * y0) * inverse, dy * inverse, dx * inverse];
        Some(Scan { w0: edge(b[1] - c[1], c[0] - b[0]), w1: edge(c[1] - a[1], a[0] - c[0]), x, y })
    }

    /// Calls `pixel` with the index and the weights of the corners for each covered pixel.
    fn each(&self, size: usize, mut pixel: impl FnMut(usize, [f32; 3])) {
        let (mut row0, mut row1) = (self.w0[0], self.w1[0]);
        for y in self.y.clone() {
            let (mut w0, mut w1) = (row0, row1);
            for x in self.x.clone() {
                let w2 = 1.0 - w0 - w1;
                if w0 >= -1e-4 && w1 >= -1e-4 && w2 >= -1e-4 {
                    pixel(y as usize * size + x as usize, [w0, w1, w2]);
                }
                w0 += self.w0[1];
                w1 += self.w1[1];
            }
            row0 += self.w0[2];
            row1 += self.w1[2];
        }
    }
}

impl Framebuffer {
    /// A picture of `size` × `size` pixels over `background`.
    pub fn new(size: usize, background: impl Fn(usize, usize) -> f32) -> Self {
        let pixels = (0..size * size).map(|i| background(i % size, i / size));
        Framebuffer { size, brightness: pixels.collect(), depth: vec![f32::MIN; size * size] }
    }

    /// Draws triangles over what lies farther away.
    pub fn draw(&mut self, points: &[[f32; 3]], brightness: &[f32], triangles: &[[u32; 3]], sides: Sides) {
        let Framebuffer { size, brightness: pixels, depth } = self;
        let cells: Vec<[i32; 2]> = points.iter().map(|p| [cell(p[0]), cell(p[1])]).collect();
        for triangle in triangles {
            if misses_centres(triangle.map(|i| cells[i as usize])) {
                continue;
            }
            let corners = triangle.map(|i| points[i as usize]);
            let Some(scan) = Scan::new(corners, *size, sides) else { continue };
            let light = triangle.map(|i| brightness[i as usize]);
            scan.each(*size, |at, w| {
                let z = w[0] * corners[0][2] + w[1] * corners[1][2] + w[2] * corners[2][2];
                if z > depth[at] {
                    depth[at] = z;
                    pixels[at] = w[0] * light[0] + w[1] * light[1] + w[2] * light[2];
                }
            });
        }
    }
}

/// How far the light sees.
pub(crate) struct ShadowMap {
    right: [f32; 3],
    up: [f32; 3],
    towards: [f32; 3],
    depth: Vec<f32>,
}

/// Pixels of the shadow map a side, and the half width that it covers in eye distances.
const SHADOW_SIZE: usize = 112;
const SHADOW_REACH: f32 = 1.9;
/// Depth by which a blocker must lie nearer to the light: below it the mesh would shade itself.
const SHADOW_BIAS: f32 = 0.06;

impl ShadowMap {
    /// # Shapes
    /// `points` `[V]` in the head's space; `light` a unit vector towards the light in the same space.
    pub fn new(points: &[[f32; 3]], triangles: &[[u32; 3]], light: [f32; 3]) -> Self {
        let right = unit([light[2], 0.0, -light[0]]);
        let up = [
            light[1] * right[2] - light[2] * right[1],
            light[2] * right[0] - light[0] * right[2],
            light[0] * right[1] - light[1] * right[0],
        ];
        let mut map = ShadowMap { right, up, towards: light, depth: vec![f32::MIN; SHADOW_SIZE * SHADOW_SIZE] };
        let seen: Vec<[f32; 3]> = points.iter().map(|&p| map.place(p)).collect();
        let ShadowMap { depth, .. } = &mut map;
        for triangle in triangles {
            let corners = triangle.map(|i| seen[i as usize]);
            let Some(scan) = Scan::new(corners, SHADOW_SIZE, Sides::Front) else { continue };
            scan.each(SHADOW_SIZE, |at, w| {
                let z = w[0] * corners[0][2] + w[1] * corners[1][2] + w[2] * corners[2][2];
                depth[at] = depth[at].max(z);
            });
        }
        map
    }

    fn place(&self, p: [f32; 3]) -> [f32; 3] {
        let half = SHADOW_SIZE as f32 / 2.0;
        // The face's middle lies below and behind the nose bridge.
        let p = [p[0], p[1] + 0.4, p[2] + 0.6];
        let scale = half / SHADOW_REACH;
        [half + dot(p, self.right) * scale, half - dot(p, self.up) * scale, dot(p, self.towards)]
    }

    /// 1 where the light arrives, 0 in full shadow, between them at the edges.
    pub fn lit(&self, p: [f32; 3]) -> f32 {
        let [x, y, z] = self.place(p);
        let within = |c: f32| floor(c + 0.5).clamp(2, SHADOW_SIZE as i32 - 3) as usize;
        let (x, y, z) = (within(x), within(y), z + SHADOW_BIAS);
        let mut open = 0;
        for row in [y - 2, y, y + 2] {
            for column in [x - 2, x, x + 2] {
                open += i32::from(self.depth[row * SHADOW_SIZE + column] < z);
            }
        }
        open as f32 / 9.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_triangle_wins_in_any_order() {
        let far = [[-9.0, -9.0, 0.0], [-9.0, 30.0, 0.0], [30.0, -9.0, 0.0]];
        let near = far.map(|p| [p[0], p[1], 1.0]);
        let points = [far, near].concat();
        let brightness = [0.2, 0.2, 0.2, 0.8, 0.8, 0.8];
        for triangles in [[[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]] {
            let mut buffer = Framebuffer::new(8, |_, _| 0.0);
            buffer.draw(&points, &brightness, &triangles, Sides::Both);
            assert!((buffer.brightness[9] - 0.8).abs() < 1e-5);
        }
    }

    #[test]
    fn a_plate_before_the_light_casts_a_shadow() {
        let plate = [[-0.5, -0.9, 0.0], [0.5, -0.9, 0.0], [0.0, 0.5, 0.0]];
        let map = ShadowMap::new(&plate, &[[0, 1, 2]], [0.0, 0.0, 1.0]);
        assert!(map.lit([0.0, -0.4, -1.0]) < 0.1);
        assert!(map.lit([1.2, -0.4, -1.0]) > 0.9);
    }
}
