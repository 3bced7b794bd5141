//! Reads the vertices, and if wanted the triangles and the names of their materials, of Wavefront OBJ files, fast.
//!
//! In: a file. Out: vertices in the file's unit and order; faces of any number of corners cut into triangles. Ignores
//! textures and normals.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;

use howfar_face::Fault;

/// A mesh as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mesh {
    pub vertices: Vec<[f32; 3]>,
    pub triangles: Vec<[u32; 3]>,
    /// Which triangles follow each `usemtl`.
    pub materials: Vec<(String, Range<usize>)>,
}

impl Mesh {
    /// The triangles of a material.
    pub fn of_material<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m [u32; 3]> {
        let ranges = self.materials.iter().filter(move |(found, _)| found == name);
        ranges.flat_map(|(_, range)| &self.triangles[range.clone()])
    }
}

/// How much of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// Up to the end of the vertices, which is a third of a file.
    Vertices,
    All,
}

/// The whole mesh.
pub(crate) fn read_mesh(path: &Path) -> Result<Mesh, Fault> {
    read(path, Want::All).map(|(mesh, _)| mesh)
}

/// The vertices alone. They must be `n_vertices`.
pub(crate) fn read_vertices(path: &Path, n_vertices: usize) -> Result<Vec<[f32; 3]>, Fault> {
    let (mesh, line) = read(path, Want::Vertices)?;
    if mesh.vertices.len() != n_vertices {
        return Err(Fault::data(format!("{}, line {line}", path.display()), "the wrong number of vertices")
            .found(mesh.vertices.len())
            .expected(format!("{n_vertices}, as the neutral head has"))
            .hint("the file is damaged, or the checkout is of another version; fetch it again"));
    }
    Ok(mesh.vertices)
}

/// The mesh, and the line at which reading ended.
fn read(path: &Path, want: Want) -> Result<(Mesh, usize), Fault> {
    let io = |e: std::io::Error| Fault::io(path, "read the mesh", &e);
    let mut file = BufReader::with_capacity(1 << 17, File::open(path).map_err(io)?);
    let mut mesh = Mesh { vertices: Vec::new(), triangles: Vec::new(), materials: Vec::new() };
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(io)? == 0 {
            break;
        }
        number += 1;
        match line.as_slice() {
            [b'v', b' ' | b'\t', ..] => mesh.vertices.push(vertex(&line).ok_or_else(|| {
                bad_line(path, number, &line, "a vertex is not three numbers").expected("v x y z, finite numbers")
            })?),
            [b'f', b' ' | b'\t', ..] if want == Want::All => {
                corners(&line, mesh.vertices.len(), &mut mesh.triangles).ok_or_else(|| {
                    bad_line(path, number, &line, "a face does not name vertices of this file")
                        .expected(format!("f a b c …, each from 1 to {}", mesh.vertices.len()))
                })?;
                if let Some((_, range)) = mesh.materials.last_mut() {
                    range.end = mesh.triangles.len();
                }
            }
            _ if want == Want::All && line.starts_with(b"usemtl ") => {
                let name = String::from_utf8_lossy(&line[7..]).trim().to_owned();
                mesh.materials.push((name, mesh.triangles.len()..mesh.triangles.len()));
            }
            [b'f', ..] => break,
            [b'v', b't' | b'n', ..] if want == Want::Vertices => break,
            _ if number == 1 && line.starts_with(b"version https://git-lfs") => {
                return Err(bad_line(path, 1, &line, "this is a Git LFS pointer, not the mesh itself")
                    .hint("run `git lfs pull` in the checkout"));
            }
            _ => {}
        }
    }
    Ok((mesh, number))
}

fn bad_line(path: &Path, number: usize, line: &[u8], what: &str) -> Fault {
    let text: String = String::from_utf8_lossy(line).trim_end().chars().take(60).collect();
    Fault::data(format!("{}, line {number}", path.display()), what).found(format!("{text:?}"))
}

fn words(line: &[u8]) -> impl Iterator<Item = &str> {
    let words = line[1..].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    // What is not text becomes a word that is no number.
    words.map(|word| std::str::from_utf8(word).unwrap_or("?"))
}

fn vertex(line: &[u8]) -> Option<[f32; 3]> {
    let mut numbers = words(line).map(|word| word.parse::<f32>().ok().filter(|x| x.is_finite()));
    // A fourth number would be a weight; it changes nothing here.
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

/// Adds the triangles of a face line: a fan about its first corner.
fn corners(line: &[u8], n_vertices: usize, triangles: &mut Vec<[u32; 3]>) -> Option<()> {
    let index = |word: &str| {
        let number: usize = word.split('/').next()?.parse().ok()?;
        (1..=n_vertices).contains(&number).then(|| number as u32 - 1)
    };
    let corners = words(line).map(index).collect::<Option<Vec<u32>>>()?;
    if corners.len() < 3 {
        return None;
    }
    triangles.extend(corners[1..].windows(2).map(|pair| [corners[0], pair[0], pair[1]]));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, n_vertices: usize) -> Result<Mesh, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mesh.obj");
        std::fs::write(&path, text).unwrap();
        let mesh = read_mesh(&path)?;
        assert_eq!(read_vertices(&path, n_vertices)?, mesh.vertices);
        Ok(mesh)
    }

    #[test]
    fn corners_become_a_fan_with_a_material_and_textures_are_skipped() {
        let text = "# by hand\nv 0 0 1e-3\r\nv -1.5 0 0\nv 1 1 0\nv 0 2 0\nvt 0 0\n\
            usemtl skin\nf 1/1 2/7 3 4/9\nusemtl hair\r\nf 2 3 4\n";
        let mesh = read_text(text, 4).unwrap();
        assert_eq!(mesh.vertices[..2], [[0.0, 0.0, 0.001], [-1.5, 0.0, 0.0]]);
        assert_eq!(mesh.triangles, [[0, 1, 2], [0, 2, 3], [1, 2, 3]]);
        assert_eq!(mesh.of_material("skin").count(), 2);
        assert_eq!(mesh.of_material("hair").collect::<Vec<_>>(), [&[1, 2, 3]]);
    }

    #[test]
    fn damage_is_named_with_file_and_line() {
        let cases = [
            ("v 0 0 0\nv 1 x 0\n", 2, "mesh.obj, line 2: a vertex is not three numbers"),
            ("v 0 0 0\nv 1 2\n", 2, "line 2: a vertex"),
            ("v 0 0 0\nv 1 nan 0\n", 2, "line 2: a vertex"),
            ("v 0 0 0\nv 1 1 0\n", 3, "line 2: the wrong number of vertices"),
            ("v 0 0 0\nf 1 1 2\n", 1, "line 2: a face does not name vertices"),
            ("version https://git-lfs.github.com/spec/v1\n", 1, "line 1: this is a Git LFS pointer"),
        ];
        for (text, n, sentence) in cases {
            let fault = read_text(text, n).unwrap_err().to_string();
            assert!(fault.contains(sentence), "{fault}");
        }
    }
}
