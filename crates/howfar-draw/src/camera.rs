//! The camera: where the head is turned, how near the lens is, and how the picture is cut around the eyes.
//!
//! In: a style's camera and a picture's stream. Out: a projection from eye distances to pixels of the large picture.

use howfar_random::Stream;

use crate::style::CameraStyle;

/// A projection.
#[derive(Debug, Clone)]
pub(crate) struct Camera {
    /// Yaw, pitch and roll in degrees.
    pub pose: [f32; 3],
    rotation: [[f32; 3]; 3],
    distance: f32,
    /// Pixels an eye distance, across and down.
    scale: [f32; 2],
    /// Where the eyes' middle is before and after projection.
    from: [f32; 2],
    to: [f32; 2],
}

impl Camera {
    /// `jitter_deg` turns the head further, `eyes` are the eyeballs' centres, `size` the side of the picture in pixels.
    pub fn draw(
        style: &CameraStyle,
        stream: &mut Stream,
        jitter_deg: [f32; 3],
        eyes: [[f32; 3]; 2],
        size: usize,
    ) -> Self {
        let pose = [style.yaw_deg.sample(stream), style.pitch_deg.sample(stream), style.roll_deg.sample(stream)];
        let pose = std::array::from_fn(|axis| pose[axis] + jitter_deg[axis]);
        let distance = style.distance_eye_distances.sample(stream);
        let unit = size as f32 / 64.0;
        let eye_distance = unit * style.eye_distance_px.sample(stream);
        let to = [unit * (32.0 + style.centre_px.sample(stream)), unit * style.eye_height_px.sample(stream)];
        let stretch = style.stretch.sample(stream);
        let rotation = rotation(pose);
        let mut camera = Camera { pose, rotation, distance, scale: [1.0, 1.0], from: [0.0; 2], to: [0.0; 2] };
        let [left, right] = eyes.map(|eye| camera.project(eye));
        let apart = (right[0] - left[0]).hypot(right[1] - left[1]).max(1e-3);
        // `project` flips y; undo it for the middle.
        camera.from = [0.5 * (left[0] + right[0]), -0.5 * (left[1] + right[1])];
        camera.scale = [eye_distance / apart, eye_distance / apart * stretch];
        camera.to = to;
        camera
    }

    /// x and y in pixels, and depth towards the viewer.
    pub fn project(&self, p: [f32; 3]) -> [f32; 3] {
        let q = self.turn(p);
        let near = self.distance / (self.distance - q[2]);
        let x = self.to[0] + (q[0] * near - self.from[0]) * self.scale[0];
        let y = self.to[1] - (q[1] * near - self.from[1]) * self.scale[1];
        [x, y, q[2]]
    }

    /// From the head's space to the camera's.
    fn turn(&self, p: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|row| (0..3).map(|k| self.rotation[row][k] * p[k]).sum())
    }

    /// A camera direction seen from the head.
    pub fn to_head(&self, d: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|column| (0..3).map(|k| self.rotation[k][column] * d[k]).sum())
    }
}

/// Yaw about y, then pitch about x, then roll about z.
fn rotation(pose_deg: [f32; 3]) -> [[f32; 3]; 3] {
    let [(sy, cy), (sp, cp), (sr, cr)] = pose_deg.map(|d| d.to_radians().sin_cos());
    let yaw = [[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]];
    // Raising the head turns the front (z) upwards.
    let pitch = [[1.0, 0.0, 0.0], [0.0, cp, sp], [0.0, -sp, cp]];
    let roll = [[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]];
    product(roll, product(pitch, yaw))
}

fn product(a: [[f32; 3]; 3], b: [[f32; 3]; 3]) -> [[f32; 3]; 3] {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_head_looks_up_and_a_turned_one_to_the_right() {
        let nose = [0.0, 0.0, 1.0];
        let turned = |pose| {
            let m = rotation(pose);
            [m[0][2], m[1][2], m[2][2]].map(|c: f32| (c * 1e4).round() / 1e4)
        };
        assert_eq!(turned([0.0, 0.0, 0.0]), nose);
        assert!(turned([20.0, 0.0, 0.0])[0] > 0.3);
        assert!(turned([0.0, 20.0, 0.0])[1] > 0.3);
    }
}
