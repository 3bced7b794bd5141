//! Brightness of the head's vertices: skin, lips, brows, lashes, furrows, hair, under one light.
//!
//! In: the formed head, its person, the light. Out: one brightness a vertex.

use crate::displacement::Displacement;
use crate::head::HeadModel;
use crate::light::{Light, Place};
use crate::paint::{BrowVertex, Mask, Paint};
use crate::person::{Hair, Person, Skin};
use crate::raster::ShadowMap;

/// Rows and columns over which a vertex is compared with its neighbourhood to find hollows: about .3 eye distances.
const HOLLOW_REACH: usize = 5;

/// Brightness of every vertex; black for those that `view` cannot see. `light` and `view` (towards the camera) are
/// given in the head's space.
pub(crate) fn colour(
    head: &HeadModel,
    person: &Person,
    displacement: &Displacement,
    light: &Light,
    view: [f32; 3],
) -> Vec<f32> {
    let normals = normals(&displacement.vertices, &head.grid.triangles);
    let albedo = albedo(head, person, displacement);
    let open = openness(head, displacement, &normals, light.occlusion);
    let shadow = ShadowMap::new(&displacement.vertices, &head.grid.coarse, light.key);
    (0..albedo.len())
        .map(|i| {
            let normal = normals[i];
            if crate::light::dot(normal, view) < -0.35 {
                return 0.0;
            }
            let faces_light = crate::light::dot(normal, light.key) > -0.3;
            let lit = if faces_light { shadow.lit(displacement.vertices[i]) } else { 0.0 };
            light.shade(&Place {
                albedo: albedo[i],
                normal,
                open: open[i],
                lit,
                gloss: 1.0 - 0.8 * displacement.hair[i],
            })
        })
        .collect()
}

/// Smooth unit normals.
pub(crate) fn normals(vertices: &[[f32; 3]], triangles: &[[u32; 3]]) -> Vec<[f32; 3]> {
    let mut sums = vec![[0.0f32; 3]; vertices.len()];
    for triangle in triangles {
        let [a, b, c] = triangle.map(|i| vertices[i as usize]);
        let (e, f) = ([b[0] - a[0], b[1] - a[1], b[2] - a[2]], [c[0] - a[0], c[1] - a[1], c[2] - a[2]]);
        let cross = [e[1] * f[2] - e[2] * f[1], e[2] * f[0] - e[0] * f[2], e[0] * f[1] - e[1] * f[0]];
        for i in triangle {
            (0..3).for_each(|axis| sums[*i as usize][axis] += cross[axis]);
        }
    }
    sums.into_iter().map(crate::light::unit).collect()
}

fn albedo(head: &HeadModel, person: &Person, displacement: &Displacement) -> Vec<f32> {
    let (skin, paint) = (&person.skin, &head.paint);
    let mut albedo = blotched(head, skin);
    grain(head, skin, &mut albedo);
    darken(&mut albedo, &paint.sockets, skin.lid_shade);
    beard(paint, person, &mut albedo);
    darken(&mut albedo, &paint.lips, 1.0 - skin.lips);
    darken(&mut albedo, &paint.lip_seam, 0.5);
    darken(&mut albedo, &paint.nostrils, 0.5);
    brows_and_lids(paint, skin, &mut albedo);
    for (i, value) in albedo.iter_mut().enumerate() {
        *value *= 1.0 - (displacement.furrowed[i] * skin.line_darkness).min(0.5);
        let hair = displacement.hair[i];
        if hair > 0.0 {
            let [u, y] = head.grid.places[i].map(|c| c as f32);
            *value += hair * (person.hair.albedo * strands(&person.hair, u, y) - *value);
        }
    }
    albedo
}

/// Brows, lashes, and the crease above the lid.
pub(crate) fn brows_and_lids(paint: &Paint, skin: &Skin, albedo: &mut [f32]) {
    for v in paint.brows.iter().flatten() {
        albedo[v.vertex as usize] *= 1.0 - skin.brow_darkness * brow_cover(skin, v);
    }
    darken(albedo, &paint.lashes, skin.lash_darkness);
    darken(albedo, &paint.lower_lashes, 0.4 * skin.lash_darkness);
    darken(albedo, &paint.lid_crease, skin.crease);
}

pub(crate) fn darken(albedo: &mut [f32], mask: &Mask, amount: f32) {
    mask.0.iter().for_each(|&(vertex, weight)| albedo[vertex as usize] *= 1.0 - amount * weight);
}

/// Skin with blotches. They are wide, so that every fourth vertex is enough; the others lie on straight lines between.
fn blotched(head: &HeadModel, skin: &Skin) -> Vec<f32> {
    const EVERY: usize = 4;
    let (n_columns, n_rows) = (head.grid.n_columns, head.grid.n_rows);
    let (across, down) = ((n_columns - 1).div_ceil(EVERY) + 1, (n_rows - 1).div_ceil(EVERY) + 1);
    let vertex = |row: usize, column: usize| {
        let (row, column) = ((row * EVERY).min(n_rows - 1), (column * EVERY).min(n_columns - 1));
        head.mean_vertices[row * n_columns + column]
    };
    let coarse: Vec<f32> =
        (0..across * down).map(|i| skin.albedo * blotch(skin, vertex(i / across, i % across))).collect();
    let mut fine = Vec::with_capacity(n_columns * n_rows);
    for row in 0..n_rows {
        let (r, v) = (row / EVERY, (row % EVERY) as f32 / EVERY as f32);
        let line = |c: usize| coarse[r * across + c] * (1.0 - v) + coarse[(r + 1).min(down - 1) * across + c] * v;
        let line: Vec<f32> = (0..across).map(line).collect();
        fine.extend((0..n_columns).map(|column| {
            let (c, h) = (column / EVERY, (column % EVERY) as f32 / EVERY as f32);
            line[c] * (1.0 - h) + line[(c + 1).min(across - 1)] * h
        }));
    }
    fine
}

/// Fine spots of two sizes, about .05 and .15 eye distances wide.
fn grain(head: &HeadModel, skin: &Skin, albedo: &mut [f32]) {
    let n_columns = head.grid.n_columns;
    let noise: Vec<f32> = (0..albedo.len() as u32).map(|i| hashed(i, skin.grain_seed)).collect();
    let (fine, wide) = (blur(&noise, n_columns, 1), blur(&noise, n_columns, 3));
    for ((value, fine), wide) in albedo.iter_mut().zip(&fine).zip(&wide) {
        *value *= 1.0 + skin.grain * (fine * FINE_GRAIN + wide * WIDE_GRAIN);
    }
}

/// Factors that bring the blurred noise to a standard deviation of about .7 each.
const FINE_GRAIN: f32 = 6.0;
const WIDE_GRAIN: f32 = 15.0;

/// A number in -1..=1 for every vertex (finaliser of MurmurHash3).
pub(crate) fn hashed(i: u32, seed: u32) -> f32 {
    let mut h = i.wrapping_mul(0x9e37_79b9) ^ seed;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    (h >> 8) as f32 / 8_388_608.0 - 1.0
}

pub(crate) fn blotch(skin: &Skin, p: [f32; 3]) -> f32 {
    let sum: f32 = skin.waves.iter().map(|w| (w[0] * p[0] + w[1] * p[1] + w[2] * p[2] + w[3]).cos()).sum();
    1.0 + skin.blotches * sum / 4.0
}

/// 0 = skin, 1 = full hair of the brow.
pub(crate) fn brow_cover(skin: &Skin, v: &BrowVertex) -> f32 {
    let inner = 0.6 + 0.4 * (v.along / 0.12).min(1.0);
    let half_width = skin.brow_half_width * (1.0 - skin.brow_taper * v.along.powf(1.5)) * inner;
    let distance = v.offset.abs() / half_width;
    // Hairs stand up at the inner end and lie along the brow further out.
    let hairs = 0.93 + 0.07 * (160.0 * v.along + 30.0 * v.offset).sin();
    (-distance.powf(2.6)).exp() * hairs
}

pub(crate) fn beard(paint: &Paint, person: &Person, albedo: &mut [f32]) {
    let dark = 1.0 - (person.hair.albedo / person.skin.albedo).clamp(0.1, 1.0);
    darken(albedo, &paint.beard, person.hair.beard * dark);
    darken(albedo, &paint.moustache, person.hair.moustache * dark);
}

/// Brightness of strands against the hair's mean.
pub(crate) fn strands(hair: &Hair, u: f32, y: f32) -> f32 {
    let [phase, other, rate] = hair.strand_phase;
    let wave = (rate * u + 2.5 * (3.0 * y + phase).sin() + other).sin() * (0.31 * rate * u + 2.0 * y + phase).sin();
    1.0 + hair.strand_depth * wave
}

/// 1 = open, less in hollows and under the jaw.
fn openness(head: &HeadModel, displacement: &Displacement, normals: &[[f32; 3]], strength: f32) -> Vec<f32> {
    let depth: Vec<f32> = displacement.vertices.iter().map(|v| v[2]).collect();
    let around = blur(&depth, head.grid.n_columns, HOLLOW_REACH);
    (0..depth.len())
        .map(|i| {
            let hollow = (1.5 * (around[i] - depth[i])).clamp(-0.08, 0.16);
            let jaw = ((-head.neutral_y[i] - 1.72) / 0.38).clamp(0.0, 1.0);
            let below = 0.12 * (-normals[i][1]).max(0.0) + 0.25 * jaw * jaw * (3.0 - 2.0 * jaw);
            (1.0 - strength * hollow) * (1.0 - below)
        })
        .collect()
}

/// Three passes of a box blur along rows and columns: close to a Gaussian of standard deviation `reach`.
pub(crate) fn blur(values: &[f32], n_columns: usize, reach: usize) -> Vec<f32> {
    let n_rows = values.len() / n_columns;
    let mut current = values.to_vec();
    let mut line = Vec::new();
    for _ in 0..3 {
        for row in current.chunks_exact_mut(n_columns) {
            line.clear();
            line.extend_from_slice(row);
            box_blur(&line, reach, |i, v| row[i] = v);
        }
        blur_columns(&mut current, n_columns, n_rows, reach);
    }
    current
}

fn box_blur(line: &[f32], reach: usize, mut put: impl FnMut(usize, f32)) {
    let at = |i: isize| line[i.clamp(0, line.len() as isize - 1) as usize];
    let reach = reach as isize;
    let mut sum: f32 = (-reach..=reach).map(at).sum();
    for i in 0..line.len() as isize {
        put(i as usize, sum / (2 * reach + 1) as f32);
        sum += at(i + reach + 1) - at(i - reach);
    }
}

/// Whole rows are added at once: columns lie apart in memory.
fn blur_columns(values: &mut [f32], n_columns: usize, n_rows: usize, reach: usize) {
    let source = values.to_vec();
    let row = |i: isize| {
        let i = i.clamp(0, n_rows as isize - 1) as usize;
        &source[i * n_columns..(i + 1) * n_columns]
    };
    let reach = reach as isize;
    let mut sum = vec![0.0; n_columns];
    (-reach..=reach).for_each(|i| sum.iter_mut().zip(row(i)).for_each(|(s, v)| *s += v));
    for (i, out) in values.chunks_exact_mut(n_columns).enumerate() {
        let (entering, leaving) = (row(i as isize + reach + 1), row(i as isize - reach));
        for (column, out) in out.iter_mut().enumerate() {
            *out = sum[column] / (2 * reach + 1) as f32;
            sum[column] += entering[column] - leaving[column];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blurring_keeps_a_constant_and_spreads_a_point_evenly() {
        assert!(blur(&[3.0; 60], 10, 2).iter().all(|v| (v - 3.0).abs() < 1e-5));
        let mut point = vec![0.0; 41 * 41];
        point[20 * 41 + 20] = 1.0;
        let blurred = blur(&point, 41, 3);
        assert!((blurred[17 * 41 + 20] - blurred[20 * 41 + 17]).abs() < 1e-6);
        assert!((blurred.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }
}
