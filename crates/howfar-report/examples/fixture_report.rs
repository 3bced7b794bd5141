//! Writes the page of the tests' made-up study, for looking at it and for the browser test:
//! `cargo run -p howfar-report --example fixture_report -- report.html [sheet.png …]`.

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use howfar_report::{Pictures, SheetPicture};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().unwrap_or_else(|| "report.html".to_owned());
    let sheets = arguments.map(|path| {
        let caption = "Drawn faces: 6 of 545 identities, one in each row; classes in columns.".to_owned();
        Ok(SheetPicture { title: "drawn-rig".to_owned(), caption, png: std::fs::read(path)? })
    });
    let pictures = Pictures { sheets: sheets.collect::<std::io::Result<_>>()?, ..Pictures::default() };
    std::fs::write(
        target,
        howfar_report::html(&fixture::results(), Some(&fixture::timing()), Some(&fixture::looks()), &pictures),
    )
}
