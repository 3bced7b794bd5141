//! Scratch.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]
use howfar_draw::*;
use howfar_face::*;
fn main() {
    for name in STYLE_NAMES {
        let style = Style::named(name).unwrap();
        let mut h: u64 = 0xcbf2_9ce4_8422_2325;
        for i in 0..60 {
            let f = draw_face(HeadModel::shared(), &style, 7, i, Expression::ALL[i as usize % 8], 0, if i % 3 == 0 { 48 } else { 64 });
            for p in f.pixels { h = (h ^ u64::from(p)).wrapping_mul(0x0100_0000_01b3); }
        }
        println!("{name} {h:x}");
    }
}
