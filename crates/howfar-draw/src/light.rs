//! Light: one key, one fill, light from everywhere, and the shadows that the head casts on itself.
//!
//! In: a style's light and the picture's streams; then albedo, normal and hollow of a place. Out: its brightness.

use howfar_random::{Stream, between, clipped_normal};

use crate::style::LightStyle;

/// The light of one picture. Directions are unit vectors: right, up, towards the viewer, fixed to the camera.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Light {
    pub key: [f32; 3],
    fill: [f32; 3],
    halfway: [f32; 3],
    ambient: f32,
    fill_strength: f32,
    wrap: f32,
    gloss: f32,
    gloss_exponent: f32,
    pub cast_shadow: f32,
    pub occlusion: f32,
    pub background: f32,
    /// Slope of the background's brightness from left to right, relative.
    pub background_slope: f32,
}

/// What a place is like, for shading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub albedo: f32,
    pub normal: [f32; 3],
    /// 1 = open, less in hollows.
    pub open: f32,
    /// 1 = the key light reaches it, 0 = in a cast shadow.
    pub lit: f32,
    /// 1 = skin, 0 = dull.
    pub gloss: f32,
}

pub(crate) fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn unit(v: [f32; 3]) -> [f32; 3] {
    let length = dot(v, v).sqrt().max(1e-9);
    v.map(|c| c / length)
}

impl Light {
    pub fn draw(style: &LightStyle, stream: &mut Stream) -> Self {
        let azimuth = style.azimuth_deg.sample(stream).to_radians();
        let elevation = style.elevation_deg.sample(stream).to_radians();
        let key = [azimuth.sin() * elevation.cos(), elevation.sin(), azimuth.cos() * elevation.cos()];
        let fill = unit([-azimuth.sin() - 0.2 * azimuth.signum(), 0.1, 1.0]);
        Light {
            key,
            fill,
            halfway: unit([key[0], key[1], key[2] + 1.0]),
            ambient: style.ambient.sample(stream),
            fill_strength: style.fill.sample(stream),
            wrap: style.wrap.sample(stream),
            gloss: style.gloss.sample(stream),
            gloss_exponent: between(stream, 10.0, 28.0),
            cast_shadow: style.cast_shadow.sample(stream),
            occlusion: style.occlusion.sample(stream),
            background: style.background.sample(stream),
            background_slope: 0.15 * clipped_normal(stream),
        }
    }

    /// Brightness of a place; 1 is white paper in full light.
    pub fn shade(&self, place: &Place) -> f32 {
        let facing = ((dot(place.normal, self.key) + self.wrap) / (1.0 + self.wrap)).clamp(0.0, 1.0);
        let key = 0.85 * facing * (0.5 + 0.5 * place.open) * (1.0 - self.cast_shadow * (1.0 - place.lit));
        let fill = self.fill_strength * dot(place.normal, self.fill).max(0.0);
        // Light from below, thrown back by chest and chin.
        let bounce = 0.14 * (-place.normal[1]).max(0.0);
        let diffuse = self.ambient * place.open + (1.0 - self.ambient) * (key + fill) + bounce;
        let mirror = dot(place.normal, self.halfway).max(0.0);
        let gloss = if place.gloss > 0.0 && mirror > 0.6 {
            place.gloss * self.gloss * mirror.powf(self.gloss_exponent) * place.open * place.lit
        } else {
            0.0
        };
        place.albedo * diffuse + gloss
    }

    /// A small bright reflection of the key light on a wet ball: 0..=1.
    pub fn glint(&self, normal: [f32; 3]) -> f32 {
        ((dot(normal, self.halfway) - 0.985) / 0.01).clamp(0.0, 1.0)
    }
}

impl Light {
    /// The same light seen from the head: `to_head` turns directions from the camera's space into the head's.
    pub fn seen_from(&self, to_head: impl Fn([f32; 3]) -> [f32; 3]) -> Self {
        Light { key: to_head(self.key), fill: to_head(self.fill), halfway: to_head(self.halfway), ..self.clone() }
    }
}
