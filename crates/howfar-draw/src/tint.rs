//! Tints: what a colour picture adds to the brightness of the gray one.
//!
//! In: a person and streams of their own. Out: a `Tint` for everything that is drawn. Every tint has luma 1, so that
//! the gray of a colour picture is the gray picture.

use howfar_random::{Stream, between, clipped_normal, uniform};

use crate::person::{Hair, Person, Skin};

/// Rec. 601 luma: shares of red, green and blue.
pub(crate) const LUMA: [f32; 3] = [0.299, 0.587, 0.114];
/// Skin of this albedo has the palest tint, of the lower one the deepest: the ends of the embedded styles.
const SKIN_ALBEDO: [f32; 2] = [0.85, 0.4];

/// Red and blue against brightness; green is what is left to a luma of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tint {
    pub red: f32,
    pub blue: f32,
}

impl Tint {
    pub fn new(red: f32, blue: f32) -> Self {
        Tint { red, blue }
    }

    fn green(self) -> f32 {
        (1.0 - LUMA[0] * self.red - LUMA[2] * self.blue) / LUMA[1]
    }

    /// The tint under a coloured light.
    fn under(self, light: Self) -> Self {
        let [red, green, blue] = [self.red * light.red, self.green() * light.green(), self.blue * light.blue];
        let luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue;
        Tint { red: red / luma, blue: blue / luma }
    }

    /// A share of the way to another tint.
    pub fn towards(self, other: Self, share: f32) -> Self {
        let between = |from: f32, to: f32| from + share * (to - from);
        Tint { red: between(self.red, other.red), blue: between(self.blue, other.blue) }
    }
}

/// The tints of one person in one session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Palette {
    pub skin: Tint,
    /// Where blood shines through: cheeks, ears.
    pub flush: Tint,
    pub lips: Tint,
    /// Where lips meet, nostrils, the inside of the mouth.
    pub cavity: Tint,
    /// Tongue and gums.
    pub flesh: Tint,
    pub hair: Tint,
    pub iris: Tint,
    pub sclera: Tint,
    pub teeth: Tint,
    pub frame: Tint,
    pub cloth: Tint,
    pub background: Tint,
}

impl Palette {
    /// `own` is the person's stream, `session` that of light, clothes and background.
    pub fn draw(person: &Person, own: &mut Stream, session: &mut Stream) -> Self {
        let depth = depth(&person.skin);
        let skin = skin(depth, own);
        let lips = Tint::new(
            skin.red + between(own, 0.1, 0.26) * (1.0 - 0.4 * depth),
            skin.blue + between(own, 0.0, 0.1) + 0.05 * depth,
        );
        let balance = clipped_normal(session);
        let light = Tint::new(1.0 + 0.012 * balance, 1.0 - 0.02 * balance);
        let blood = between(own, 0.02, 0.09);
        let lit = |tint: Tint| tint.under(light);
        Palette {
            skin: lit(skin),
            flush: lit(Tint::new(skin.red + blood, skin.blue - 0.45 * blood)),
            lips: lit(lips),
            cavity: lit(Tint::new(1.7, 0.62)),
            flesh: lit(Tint::new(1.48, 0.85)),
            hair: lit(hair(&person.hair, depth, own)),
            iris: lit(iris(person.skin.iris, depth, own)),
            sclera: lit(Tint::new(between(own, 1.02, 1.05), between(own, 0.92, 1.0))),
            teeth: lit(Tint::new(1.04, between(own, 0.8, 0.94))),
            frame: lit(muted(0.3, own)),
            cloth: lit(muted(0.5, session)),
            background: lit(muted(0.22, session)),
        }
    }
}

/// 0 = the palest skin, 1 = the deepest.
fn depth(skin: &Skin) -> f32 {
    ((SKIN_ALBEDO[0] - skin.albedo) / (SKIN_ALBEDO[0] - SKIN_ALBEDO[1])).clamp(0.0, 1.0)
}

/// Deeper skin is redder and more saturated; undertones go from pink to olive.
fn skin(depth: f32, stream: &mut Stream) -> Tint {
    Tint::new(
        1.17 + 0.13 * depth + 0.018 * clipped_normal(stream),
        0.81 - 0.14 * depth + 0.022 * clipped_normal(stream),
    )
}

/// Dark hair is black to brown, or auburn; fair hair is blond, red or gray. Deep skin goes with black and gray.
fn hair(hair: &Hair, depth: f32, stream: &mut Stream) -> Tint {
    let (rare, shade) = (uniform(stream), uniform(stream));
    let fair = hair.albedo > 0.18;
    if fair && rare < 0.15 + 0.75 * depth {
        return Tint::new(1.0 + 0.04 * shade, 1.0 - 0.06 * shade);
    }
    if rare > 0.9 && depth < 0.5 {
        return Tint::new(1.38 + 0.14 * shade, 0.5);
    }
    if fair { Tint::new(1.14 + 0.12 * shade, 0.74 - 0.16 * shade) } else { brown(shade * (1.0 - 0.6 * depth)) }
}

/// 0 = black, 1 = chestnut.
fn brown(shade: f32) -> Tint {
    Tint::new(1.08 + 0.25 * shade, 0.92 - 0.27 * shade)
}

/// Dark eyes are brown, and so are those of deep skin; others are blue, green, gray or hazel.
fn iris(albedo: f32, depth: f32, stream: &mut Stream) -> Tint {
    let (kind, shade) = (uniform(stream), between(stream, 0.9, 1.1));
    if albedo < 0.09 || depth > 0.4 {
        return Tint::new(1.32 * shade, 0.6);
    }
    match kind {
        k if k < 0.4 => Tint::new(0.74 * shade, 1.42),
        k if k < 0.55 => Tint::new(0.92 * shade, 0.8),
        k if k < 0.7 => Tint::new(0.92 * shade, 1.15),
        _ => Tint::new(1.2 * shade, 0.6),
    }
}

/// Any hue; `most` is the largest deviation of red and blue.
fn muted(most: f32, stream: &mut Stream) -> Tint {
    let (angle, strength) = (between(stream, 0.0, std::f32::consts::TAU), most * uniform(stream));
    Tint::new(1.0 + strength * angle.cos(), 1.0 + strength * angle.sin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anthropometry::Anthropometry;
    use crate::embedded_styles::STYLE_NAMES;
    use crate::streams::PersonKey;
    use crate::style::Style;

    #[test]
    fn every_tint_is_a_colour_and_skin_is_redder_than_green_and_greener_than_blue() {
        let anthropometry = Anthropometry::embedded();
        for style in STYLE_NAMES.map(|name| Style::named(name).unwrap()) {
            for person in 0..300 {
                let key = PersonKey { seed: 2, style: &style.name, person };
                let someone = Person::draw(&anthropometry, &style, key);
                let p = Palette::draw(&someone, &mut key.of_person("tint"), &mut key.of_person("balance"));
                for tint in
                    [p.lips, p.cavity, p.flesh, p.hair, p.iris, p.sclera, p.teeth, p.frame, p.cloth, p.background]
                {
                    assert!(tint.red > 0.0 && tint.green() > 0.0 && tint.blue > 0.0, "{tint:?}");
                }
                for skin in [p.skin, p.flush] {
                    assert!(skin.red > skin.green() && skin.green() > skin.blue, "{} {person}: {skin:?}", style.name);
                }
            }
        }
    }
}
