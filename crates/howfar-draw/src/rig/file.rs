//! Reads a checkout of ICT FaceKit: the neutral head, 100 identity shapes, the expression shapes that we use.
//!
//! In: the folder of the checkout. Out: an `IctRig` in eye distances, origin at the bridge of the nose. Nothing of ICT
//! FaceKit lies in this program: it is the user's copy that is read, under its MIT licence.

use std::ops::Range;
use std::path::{Path, PathBuf};

use howfar_face::Fault;
use rayon::prelude::*;

use crate::curve::Point;
use crate::head::Rims;
use crate::measures::{Landmarks, Measures, N_LANDMARKS};
use crate::paint::Paint;
use crate::plate::{Field, Kernel};
use crate::rig::acting::{SHAPES, ShapeName};
use crate::rig::obj::{Mesh, read_mesh, read_vertices};
use crate::rig::shapes::{DenseShapes, SparseShape};
use crate::spread::Spread;
use crate::surface::unroll;

/// Vertices of a file, by ICT FaceKit's README ("Face Model Topology").
pub(crate) const N_FILE_VERTICES: usize = 26_719;
/// Face, head and neck.
pub(crate) const SKIN: Range<usize> = 0..11_248;
/// The inside of the mouth.
pub(crate) const MOUTH_SOCKET: Range<usize> = 11_248..13_294;
/// The inside of the lids.
pub(crate) const EYE_SOCKETS: Range<usize> = 13_294..14_062;
/// Gums and tongue.
pub(crate) const GUMS: Range<usize> = 14_062..17_039;
/// Teeth.
pub(crate) const TEETH: Range<usize> = 17_039..21_451;
/// The outer shells of the eyeballs, picture's left and right; the head's left is the picture's right.
pub(crate) const SCLERAS: [Range<usize>; 2] = [23_021..23_791, 21_451..22_221];
/// The irises lie inside the shells; we paint them upon these.
const IRIS_LEFT: Range<usize> = 22_221..23_021;
/// What follows is not drawn: the right iris, tear fluid, shadow meshes, and lashes, which need transparency.
pub(crate) const N_KEPT: usize = 23_791;
/// Identity shapes of ICT Face Model Light.
const N_IDENTITY_SHAPES: usize = 100;
/// Vertices of the 68 landmarks, by the README ("Facial Landmarks").
pub(crate) const LANDMARKS: [usize; N_LANDMARKS] = [
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443, 268, 493, 1914,
    2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360, 1507, 1542, 1537,
    1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732, 5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518,
    5957, 5841, 5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,
];
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
    pub(crate) measures: Measures,
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
    pub(crate) local: Spread,
}

impl IctRig {
    /// Reads the checkout at `path`, or its folder `FaceXModel`. Takes a few seconds.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let folder = model_folder(path)?;
        let Mesh { vertices, triangles } = read_mesh(&folder.join("generic_neutral_mesh.obj"), N_FILE_VERTICES)?;
        let unit = Unit::of(&vertices).ok_or_else(|| {
            Fault::data(folder.join("generic_neutral_mesh.obj").display(), "the eyes of the neutral head coincide")
                .hint("the file is damaged; fetch the checkout again")
        })?;
        let neutral: Vec<[f32; 3]> = vertices[..N_KEPT].iter().map(|v| unit.place(*v)).collect();
        let moves = |name: &str| -> Result<Vec<f32>, Fault> {
            let shaped = read_vertices(&folder.join(format!("{name}.obj")), N_FILE_VERTICES)?;
            let pairs = shaped.into_iter().zip(&neutral);
            Ok(pairs.flat_map(|(v, rest)| std::array::from_fn::<f32, 3, _>(|a| unit.place(v)[a] - rest[a])).collect())
        };
        let identity = (0..N_IDENTITY_SHAPES).into_par_iter().map(|i| moves(&format!("identity{i:03}")));
        let identity = DenseShapes::new(N_KEPT, identity.collect::<Result<_, Fault>>()?);
        let sparse = |name: String| moves(&name).map(|moves| SparseShape::new(&moves));
        let muscle = |&ShapeName { stem, sided }: &ShapeName| -> Result<Muscle, Fault> {
            if !sided {
                return sparse(stem.to_owned()).map(Muscle::Whole);
            }
            // The head's right is the picture's left.
            Ok(Muscle::Sides([sparse(format!("{stem}_R"))?, sparse(format!("{stem}_L"))?]))
        };
        let muscles = SHAPES.par_iter().map(muscle).collect::<Result<Vec<_>, Fault>>()?;
        Ok(Self::assemble(neutral, identity, muscles, &triangles))
    }

    fn assemble(neutral: Vec<[f32; 3]>, identity: DenseShapes, muscles: Vec<Muscle>, triangles: &[[u32; 3]]) -> Self {
        let mut open = neutral.clone();
        let jaw = SHAPES.iter().position(|shape| shape.stem == "jawOpen").expect("the list has the jaw");
        muscles[jaw].add([BUILT_OPEN; 2], &mut open);
        let unrolled = |vertices: &[[f32; 3]]| -> Vec<Point> {
            vertices[..EYE_SOCKETS.end].iter().map(|v| unroll(v.map(f64::from))).collect()
        };
        let marks: Landmarks = landmarks(&open);
        let plane: Vec<Point> = marks.iter().map(|p| unroll(p.map(f64::from))).collect();
        let open_places = unrolled(&open);
        let (paint, local) = rayon::join(
            || Paint::new(&open_places[SKIN], &plane, &Rims::new(&marks)),
            || Spread::new(&windows(&open_places, &plane)),
        );
        let within = |end: usize| triangles.iter().copied().filter(move |t| t.iter().all(|&i| (i as usize) < end));
        let iris = |t: &[u32; 3]| IRIS_LEFT.contains(&(t[0] as usize));
        IctRig {
            measures: Measures::embedded(),
            places: unrolled(&neutral),
            skin_triangles: within(SKIN.end).collect(),
            triangles: within(N_KEPT).filter(|t| !iris(t)).collect(),
            neutral,
            identity,
            muscles,
            paint,
            local,
        }
    }
}

impl Muscle {
    /// Adds the shape with a weight for each side; a shape without sides takes their mean.
    pub fn add(&self, sides: [f32; 2], vertices: &mut [[f32; 3]]) {
        match self {
            Muscle::Whole(shape) => shape.add(0.5 * (sides[0] + sides[1]), vertices),
            Muscle::Sides(shapes) => shapes.iter().zip(sides).for_each(|(shape, weight)| shape.add(weight, vertices)),
        }
    }
}

/// The landmarks among a head's vertices.
pub(crate) fn landmarks(vertices: &[[f32; 3]]) -> Landmarks {
    LANDMARKS.map(|vertex| vertices[vertex])
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
    pub fn of(vertices: &[[f32; 3]]) -> Option<Self> {
        let marks = landmarks(vertices);
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
    folders.into_iter().find(|folder| folder.join("generic_neutral_mesh.obj").is_file()).ok_or_else(|| {
        let what = if path.exists() { "there is no ICT FaceKit in this folder" } else { "there is no such folder" };
        Fault::data(path.display(), what)
            .expected("a checkout of ICT FaceKit, with FaceXModel/generic_neutral_mesh.obj")
            .hint("clone ICT-VGL/ICT-FaceKit from GitHub and give its folder: --rig ict:ICT-FaceKit")
    })
}
