//! Scratch.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]
use howfar_draw::*;
use howfar_face::*;
use std::ops::ControlFlow;
use std::path::Path;
fn draw_to(style: &Style, out: &str, n: u32) {
    let classes = Expression::SIX.iter().map(ToString::to_string).collect();
    let info = FaceSetInfo::new(out, classes, Preprocessing::standard("none", "none", 64));
    let mut w = FaceSetWriter::create(Path::new(out), info).unwrap();
    draw_set(n, style, 21, &Expression::SIX, 64, &mut |_| ControlFlow::Continue(()), &mut |f| w.push(&f)).unwrap();
    w.finish().unwrap();
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let base = Style::find("--base", &a[2]).unwrap();
    draw_to(&base, &format!("{}-base", a[3]), 150);
    let t = std::time::Instant::now();
    let set = FaceSet::open(Path::new(&a[1])).unwrap();
    let every = set.info().n_faces.div_ceil(3000);
    let mut fitter = StyleFitter::new(&base, 64);
    let (mut row, mut block) = (0, Vec::new());
    set.for_each(|f| { if row % every == 0 { block.push(f.picture.into_gray()); } row += 1; Ok(()) }).unwrap();
    fitter.add(&block);
    println!("measured {} in {:?}", block.len(), t.elapsed());
    let fitted = fitter.fit("like-it", FitEffort::default(), &mut |d| { if d % 10 == 0 { println!("{d} {:?}", t.elapsed()); } ControlFlow::Continue(()) }).unwrap();
    for (i, m) in MEASURES.iter().enumerate() {
        let c = |s: &SetMeasures| format!("{:9.2} ± {:6.2}", s.median[i], s.spread[i]);
        println!("{:26}{}{}{}  {}", m.0, c(&fitted.set), c(&fitted.base), c(&fitted.fitted), m.1);
    }
    println!("{:?}", fitted.distances());
    std::fs::write(format!("{}.toml", a[3]), fitted.style.to_toml().unwrap()).unwrap();
    draw_to(&fitted.style, &format!("{}-fitted", a[3]), 150);
}
