//! Which vertices of ICT FaceKit are skin, mouth, teeth and eyes, and which are the landmarks.
//!
//! In: the neutral mesh with its materials, and the checkout's list of landmarks. Out: a `Layout`. All of it is read
//! from the user's checkout: no list of ICT FaceKit lies in this program.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;

use howfar_face::Fault;
use serde::Deserialize;

use crate::anthropometry::N_LANDMARKS;
use crate::rig::obj::Mesh;

/// Materials of the neutral mesh that are drawn. What is left out is painted (irises), or needs transparency (tear
/// fluid, shadow meshes, lashes).
const FACE: &str = "M_Face";
const BACK_OF_HEAD: &str = "M_BackHead";
const GUMS: &str = "M_GumsTongue";
const TEETH: &str = "M_Teeth";
/// The outer shells of the eyeballs, picture's left and right; the head's left is the picture's right.
const SCLERAS: [&str; 2] = ["M_ScleraRight", "M_ScleraLeft"];

const ANOTHER_VERSION: &str = "the file is damaged, or the checkout is of another version; fetch it again";

/// Ranges of vertices, and the landmarks among them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    /// Face, head and neck: from vertex 0 on.
    pub skin: Range<usize>,
    /// The inside of the mouth; follows the skin.
    pub mouth_socket: Range<usize>,
    /// The inside of the lids; follows the mouth's.
    pub eye_sockets: Range<usize>,
    pub gums: Range<usize>,
    pub teeth: Range<usize>,
    /// Picture's left and right.
    pub scleras: [Range<usize>; 2],
    /// Vertices up to the last that is drawn.
    pub n_kept: usize,
    /// Vertices of the 68 landmarks.
    pub landmarks: [usize; N_LANDMARKS],
}

impl Layout {
    /// Finds the parts of `mesh`, which was read from `mesh_path`, and reads the landmarks' list.
    pub fn read(mesh: &Mesh, mesh_path: &Path, list_path: &Path) -> Result<Self, Fault> {
        let part = |name: &str| one_run(mesh_path, name, &vertices_of(mesh, mesh_path, name)?);
        let face = part(FACE)?;
        let back = back_of_head(mesh, mesh_path, face.end)?;
        let [neck, mouth_socket, left_socket, right_socket] = back;
        let skin = 0..neck.end;
        let [gums, teeth] = [part(GUMS)?, part(TEETH)?];
        let scleras = [part(SCLERAS[0])?, part(SCLERAS[1])?];
        let ends = [gums.end, teeth.end, scleras[0].end, scleras[1].end, right_socket.end];
        Ok(Layout {
            landmarks: landmarks(list_path, skin.end)?,
            skin,
            mouth_socket,
            eye_sockets: left_socket.start..right_socket.end,
            n_kept: ends.into_iter().fold(0, usize::max),
            gums,
            teeth,
            scleras,
        })
    }

    /// The landmarks among a head's vertices.
    pub fn marks(&self, vertices: &[[f32; 3]]) -> [[f32; 3]; N_LANDMARKS] {
        self.landmarks.map(|vertex| vertices[vertex])
    }

    /// The triangles that are drawn.
    pub fn drawn(mesh: &Mesh) -> Vec<[u32; 3]> {
        let drawn = [FACE, BACK_OF_HEAD, GUMS, TEETH, SCLERAS[0], SCLERAS[1]];
        drawn.iter().flat_map(|name| mesh.of_material(name)).copied().collect()
    }
}

fn vertices_of(mesh: &Mesh, path: &Path, material: &str) -> Result<BTreeSet<usize>, Fault> {
    let vertices: BTreeSet<usize> = mesh.of_material(material).flatten().map(|&i| i as usize).collect();
    if vertices.is_empty() {
        let names: Vec<&str> = mesh.materials.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Fault::data(path.display(), format!("no face is of the material {material}"))
            .found(if names.is_empty() { "no material".to_owned() } else { names.join(", ") })
            .expected(format!("usemtl {material}, and faces below it"))
            .hint(ANOTHER_VERSION));
    }
    Ok(vertices)
}

/// The vertices as a range; refuses gaps.
fn one_run(path: &Path, what: &str, vertices: &BTreeSet<usize>) -> Result<Range<usize>, Fault> {
    let (first, last) = (vertices.first().copied().unwrap_or(0), vertices.last().copied().unwrap_or(0));
    if vertices.len() != last - first + 1 {
        return Err(Fault::data(path.display(), format!("the vertices of {what} do not follow one another"))
            .found(format!("{} vertices between {first} and {last}", vertices.len()))
            .expected(last - first + 1)
            .hint(ANOTHER_VERSION));
    }
    Ok(first..last + 1)
}

/// What the back of the head has beyond the face's vertices: head and neck, mouth socket, left and right eye socket.
/// They meet in vertices of the face alone.
fn back_of_head(mesh: &Mesh, path: &Path, face_end: usize) -> Result<[Range<usize>; 4], Fault> {
    let own: BTreeSet<usize> = vertices_of(mesh, path, BACK_OF_HEAD)?.split_off(&face_end);
    let mut pieces = Pieces::new(mesh.vertices.len());
    for triangle in mesh.of_material(BACK_OF_HEAD) {
        let own = triangle.map(|i| i as usize).into_iter().filter(|&i| i >= face_end).collect::<Vec<_>>();
        own.windows(2).for_each(|pair| pieces.join(pair[0], pair[1]));
    }
    let mut ends: Vec<usize> = Vec::new();
    let mut before = None;
    for &vertex in &own {
        let piece = pieces.of(vertex);
        if before != Some(piece) {
            ends.push(vertex);
            before = Some(piece);
        }
    }
    let one = one_run(path, BACK_OF_HEAD, &own)?;
    match ends.as_slice() {
        &[neck, mouth, left, right] if neck == face_end => Ok([neck..mouth, mouth..left, left..right, right..one.end]),
        _ => Err(Fault::data(path.display(), format!("{BACK_OF_HEAD} is not made of the pieces it should have"))
            .found(format!("{} pieces from vertex {} on", ends.len(), one.start))
            .expected(format!("4 from vertex {face_end} on: head and neck, mouth socket, left and right eye socket"))
            .hint(ANOTHER_VERSION)),
    }
}

/// Vertices joined by triangles.
struct Pieces(Vec<usize>);

impl Pieces {
    fn new(n: usize) -> Self {
        Pieces((0..n).collect())
    }

    fn of(&mut self, mut vertex: usize) -> usize {
        while self.0[vertex] != vertex {
            self.0[vertex] = self.0[self.0[vertex]];
            vertex = self.0[vertex];
        }
        vertex
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a] = b;
    }
}

#[derive(Deserialize)]
struct VertexIndices {
    idx_to_landmark_verts: Vec<usize>,
}

fn landmarks(path: &Path, n_skin: usize) -> Result<[usize; N_LANDMARKS], Fault> {
    let file = File::open(path).map_err(|e| Fault::io(path, "read the list of landmarks", &e))?;
    let lists: VertexIndices = serde_json::from_reader(BufReader::new(file)).map_err(|e| {
        Fault::data(format!("{}, line {}", path.display(), e.line()), "the list of landmarks cannot be read")
            .found(e)
            .expected("JSON with idx_to_landmark_verts, 68 numbers of vertices")
            .hint(ANOTHER_VERSION)
    })?;
    let list = lists.idx_to_landmark_verts;
    let wrong = |found: String| {
        Fault::data(format!("{}, idx_to_landmark_verts", path.display()), "this is no list of 68 landmarks")
            .found(found)
            .expected(format!("{N_LANDMARKS} vertices of the skin, each from 0 to {}", n_skin - 1))
            .hint(ANOTHER_VERSION)
    };
    if let Some(vertex) = list.iter().find(|vertex| **vertex >= n_skin) {
        return Err(wrong(format!("vertex {vertex}")));
    }
    list.try_into().map_err(|list: Vec<usize>| wrong(format!("{} vertices", list.len())))
}
