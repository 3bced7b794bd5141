//! Random numbers by name: what a person is and how one picture varies come from streams of their own.
//!
//! In: seed, style, person, picture and purpose. Out: the same stream on every machine and thread. A new draw in one
//! purpose shifts no other.

use howfar_random::{Stream, keyed};

/// Which set, and whose faces of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PersonKey<'a> {
    pub seed: u64,
    pub style: &'a str,
    pub person: u32,
}

/// Index of the expression and number of the picture of one person with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ImageKey {
    pub expression: u8,
    pub take: u32,
}

impl PersonKey<'_> {
    /// What holds for the person in every picture.
    pub fn of_person(&self, purpose: &str) -> Stream {
        self.stream(u8::MAX, u32::MAX, purpose)
    }

    /// What holds for one picture only.
    pub fn of_image(&self, image: ImageKey, purpose: &str) -> Stream {
        self.stream(image.expression, image.take, purpose)
    }

    /// What holds for one frame of a sequence only; frame 0 is the single picture.
    pub fn of_frame(&self, image: ImageKey, frame: u32, purpose: &str) -> Stream {
        if frame == 0 { self.of_image(image, purpose) } else { self.of_image(image, &format!("{purpose} {frame}")) }
    }

    /// The key holds every name in full or hashed to 7 or 8 bytes, so that streams do not collide.
    fn stream(&self, expression: u8, take: u32, purpose: &str) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..12].copy_from_slice(&self.person.to_le_bytes());
        key[12] = expression;
        key[13..17].copy_from_slice(&take.to_le_bytes());
        key[17..24].copy_from_slice(&fnv1a(self.style)[..7]);
        key[24..].copy_from_slice(&fnv1a(purpose));
        keyed(key)
    }
}

fn fnv1a(text: &str) -> [u8; 8] {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_random::uniform;

    #[test]
    fn streams_differ_by_every_part_of_their_name_and_repeat() {
        let key = PersonKey { seed: 1, style: "studio", person: 0 };
        let image = ImageKey { expression: 0, take: 0 };
        let first = |mut stream: Stream| uniform(&mut stream);
        let all = [
            first(key.of_person("shape")),
            first(key.of_person("hair")),
            first(key.of_image(image, "shape")),
            first(key.of_image(ImageKey { take: 1, ..image }, "shape")),
            first(key.of_frame(image, 1, "shape")),
            first(PersonKey { seed: 2, ..key }.of_person("shape")),
            first(PersonKey { style: "wild", ..key }.of_person("shape")),
            first(PersonKey { person: 1, ..key }.of_person("shape")),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b), "{all:?}");
        }
        assert_eq!(all[0], first(key.of_person("shape")));
    }
}
