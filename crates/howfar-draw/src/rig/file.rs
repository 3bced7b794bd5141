//! Reads a checkout of ICT FaceKit: the neutral head, 100 identity shapes, the expression shapes that we use.
//!
//! In: the folder of the checkout. Out: an `IctRig` in eye distances, origin at the bridge of the nose. Nothing of ICT
//! FaceKit lies in this program: it is the user's copy that is read, under its MIT licence.

use std::path::{Path, PathBuf};

use howfar_face::Fault;
use howfar_face::checksum::Hasher;
use rayon::prelude::*;

use crate::anthropometry::{Anthropometry, Landmarks, N_LANDMARKS};
use crate::curve::Point;
use crate::paint::Paint;
use crate::rbf::{Field, Kernel};
use crate::rig::acting::{SHAPES, ShapeName};
use crate::rig::layout::Layout;
use crate::rig::obj::{read_mesh, read_vertices};
use crate::rig::shapes::{DenseShapes, SparseShape};
use crate::rims::Rims;
use crate::skinning::SkinningWeights;
use crate::surface::unroll;

/// The neutral head, and the list of its landmarks, in the folder `FaceXModel`.
const NEUTRAL: &str = "generic_neutral_mesh.obj";
const LANDMARK_LIST: &str = "vertex_indices.json";
/// Identity shapes of ICT Face Model Light.
const N_IDENTITY_SHAPES: usize = 100;
/// Landmark at the bridge of the nose: the origin.
const BRIDGE: usize = 27;
/// Masks and windows are made with the jaw this far open, so that upper and lower lip are apart.
const BUILT_OPEN: f32 = 0.5;
/// Reach of windows about the landmarks, as on our own head.
const WINDOW: f64 = 0.5;

/// An expression shape, or one for each side: picture's left and right.
pub(crate) enum Muscle {
    Whole(SparseShape),
    Sides([SparseShape; 2]),
}

/// A loaded checkout; about 35 MB.
pub struct IctRig {
    pub(crate) anthropometry: Anthropometry,
    pub(crate) layout: Layout,
    pub(crate) neutral: Vec<[f32; 3]>,
    pub(crate) identity: DenseShapes,
    /// By `SHAPES`.
    pub(crate) muscles: Vec<Muscle>,
    pub(crate) triangles: Vec<[u32; 3]>,
    /// Those of the skin, which cast shadows.
    pub(crate) skin_triangles: Vec<[u32; 3]>,
    /// Skin and sockets in the unrolled plane, neutral.
    pub(crate) places: Vec<Point>,
    pub(crate) paint: Paint,
    /// Moves skin and sockets with the landmarks, for what the shapes lack.
    pub(crate) local: SkinningWeights,
    fingerprint: String,
}

impl std::fmt::Debug for IctRig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IctRig").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl PartialEq for IctRig {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl IctRig {
    /// Reads the checkout at `path`, or its folder `FaceXModel`. Takes a few seconds.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let folder = model_folder(path)?;
        let neutral_path = folder.join(NEUTRAL);
        let mesh = read_mesh(&neutral_path)?;
        let layout = Layout::read(&mesh, &neutral_path, &folder.join(LANDMARK_LIST))?;
        let unit = Unit::of(&layout, &mesh.vertices).ok_or_else(|| {
            Fault::data(neutral_path.display(), "the eyes of the neutral head coincide")
                .hint("the file is damaged; fetch the checkout again")
        })?;
        let neutral: Vec<[f32; 3]> = mesh.vertices[..layout.n_kept].iter().map(|v| unit.place(*v)).collect();
        let moves = |name: &str| -> Result<Vec<f32>, Fault> {
            let shaped = read_vertices(&folder.join(format!("{name}.obj")), mesh.vertices.len())?;
            let pairs = shaped.into_iter().zip(&neutral);
            Ok(pairs.flat_map(|(v, rest)| std::array::from_fn::<f32, 3, _>(|a| unit.place(v)[a] - rest[a])).collect())
        };
        let identity = (0..N_IDENTITY_SHAPES).into_par_iter().map(|i| moves(&format!("identity{i:03}")));
        let identity = DenseShapes::new(layout.n_kept, identity.collect::<Result<_, Fault>>()?);
        let sparse = |name: String| moves(&name).map(|moves| SparseShape::new(&moves));
        let muscle = |&ShapeName { stem, sided }: &ShapeName| -> Result<Muscle, Fault> {
            if !sided {
                return sparse(stem.to_owned()).map(Muscle::Whole);
            }
            // The head's right is the picture's left.
            Ok(Muscle::Sides([sparse(format!("{stem}_R"))?, sparse(format!("{stem}_L"))?]))
        };
        let muscles = SHAPES.par_iter().map(muscle).collect::<Result<Vec<_>, Fault>>()?;
        Ok(Self::assemble(layout, neutral, identity, muscles, Layout::drawn(&mesh)))
    }

    fn assemble(
        layout: Layout,
        neutral: Vec<[f32; 3]>,
        identity: DenseShapes,
        muscles: Vec<Muscle>,
        triangles: Vec<[u32; 3]>,
    ) -> Self {
        let mut open = neutral.clone();
        let jaw = SHAPES.iter().position(|shape| shape.stem == "jawOpen").expect("the list has the jaw");
        muscles[jaw].add([BUILT_OPEN; 2], &mut open);
        let unrolled = |vertices: &[[f32; 3]]| -> Vec<Point> {
            vertices[..layout.eye_sockets.end].iter().map(|v| unroll(v.map(f64::from))).collect()
        };
        let marks: Landmarks = layout.marks(&open);
        let plane: Vec<Point> = marks.iter().map(|p| unroll(p.map(f64::from))).collect();
        let open_places = unrolled(&open);
        let (paint, local) = rayon::join(
            || Paint::new(&open_places[layout.skin.clone()], &plane, &Rims::new(&marks)),
            || SkinningWeights::new(&windows(&open_places, &plane)),
        );
        let is_skin = |triangle: &&[u32; 3]| triangle.iter().all(|&i| layout.skin.contains(&(i as usize)));
        IctRig {
            fingerprint: fingerprint(&layout, &neutral, &identity, &muscles, &triangles),
            anthropometry: Anthropometry::embedded(),
            places: unrolled(&neutral),
            skin_triangles: triangles.iter().filter(is_skin).copied().collect(),
            triangles,
            layout,
            neutral,
            identity,
            muscles,
            paint,
            local,
        }
    }

    /// Hash of all that was read: two checkouts with the same one draw the same faces.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn fingerprint(
    layout: &Layout,
    neutral: &[[f32; 3]],
    identity: &DenseShapes,
    muscles: &[Muscle],
    triangles: &[[u32; 3]],
) -> String {
    let mut hash = Hasher::default();
    hash.update_text(&format!("{layout:?}"));
    let mut add = |numbers: &[f32]| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        hash.update(&bytes);
    };
    add(neutral.as_flattened());
    identity.shapes().for_each(&mut add);
    for shape in muscles.iter().flat_map(Muscle::shapes) {
        shape.moves().iter().for_each(|(vertex, d)| add(&[f32::from_bits(*vertex), d[0], d[1], d[2]]));
    }
    let corners: Vec<u8> = triangles.as_flattened().iter().flat_map(|i| i.to_le_bytes()).collect();
    hash.update(&corners);
    hash.finish()
}

impl Muscle {
    fn shapes(&self) -> &[SparseShape] {
        match self {
            Muscle::Whole(shape) => std::slice::from_ref(shape),
            Muscle::Sides(shapes) => shapes,
        }
    }

    /// Adds the shape with a weight for each side; a shape without sides takes their mean.
    pub fn add(&self, sides: [f32; 2], vertices: &mut [[f32; 3]]) {
        match self {
            Muscle::Whole(shape) => shape.add(0.5 * (sides[0] + sides[1]), vertices),
            Muscle::Sides(shapes) => shapes.iter().zip(sides).for_each(|(shape, weight)| shape.add(weight, vertices)),
        }
    }
}

/// The unit and origin that a head's landmarks define: the distance of the eyes' middles, the bridge of the nose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit {
    origin: [f32; 3],
    /// Eye distances a unit.
    pub scale: f32,
}

impl Unit {
    /// None if the eyes coincide.
    pub fn of(layout: &Layout, vertices: &[[f32; 3]]) -> Option<Self> {
        let marks = layout.marks(vertices);
        let eye = |from: usize, axis: usize| marks[from..from + 6].iter().map(|p| p[axis]).sum::<f32>() / 6.0;
        let apart = (0..3).map(|axis| (eye(42, axis) - eye(36, axis)).powi(2)).sum::<f32>().sqrt();
        (apart > 1e-6).then(|| Unit { origin: marks[BRIDGE], scale: 1.0 / apart })
    }

    pub fn place(&self, v: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|axis| (v[axis] - self.origin[axis]) * self.scale)
    }
}

fn windows(places: &[Point], plane: &[Point]) -> Vec<Vec<f64>> {
    let identity: Vec<f64> =
        (0..N_LANDMARKS * N_LANDMARKS).map(|i| if i / N_LANDMARKS == i % N_LANDMARKS { 1.0 } else { 0.0 }).collect();
    let kernel = Kernel::Matern { length: WINDOW };
    let field = Field::fit(kernel, plane.to_vec(), &identity, N_LANDMARKS, 1e-4);
    places.par_iter().map(|&q| field.at(q)).collect()
}

fn model_folder(path: &Path) -> Result<PathBuf, Fault> {
    let folders = [path.join("FaceXModel"), path.to_owned()];
    folders.into_iter().find(|folder| folder.join(NEUTRAL).is_file()).ok_or_else(|| {
        let what = if path.exists() { "there is no ICT FaceKit in this folder" } else { "there is no such folder" };
        Fault::data(path.display(), what)
            .expected(format!("a checkout of ICT FaceKit, with FaceXModel/{NEUTRAL}"))
            .hint("clone ICT-VGL/ICT-FaceKit from GitHub and give its folder: --rig ict:ICT-FaceKit")
    })
}
