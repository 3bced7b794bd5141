//! Where composed networks are computed: on the CPU, or on a GPU that a cargo feature brings.
//!
//! In: a name. Out: the tensors' device. One device serves a process, as one instruction set does, and it is chosen
//! before any work. Only the CPU promises the same bits on every run.

use std::sync::OnceLock;

use crate::NetFault;
use crate::tensor::{Device, cpu};

static CHOSEN: OnceLock<(ComputeDevice, Device)> = OnceLock::new();

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComputeDevice {
    /// The CPU: always there.
    Cpu,
    /// Any GPU, through Vulkan, Metal or DirectX: cargo feature `wgpu`.
    Wgpu,
    /// A GPU of NVIDIA: cargo feature `cuda`.
    Cuda,
}

impl ComputeDevice {
    /// All of them.
    pub const ALL: [ComputeDevice; 3] = [ComputeDevice::Cpu, ComputeDevice::Wgpu, ComputeDevice::Cuda];

    /// The word on the command line; for a GPU also its cargo feature.
    pub fn name(self) -> &'static str {
        match self {
            ComputeDevice::Cpu => "cpu",
            ComputeDevice::Wgpu => "wgpu",
            ComputeDevice::Cuda => "cuda",
        }
    }

    /// Makes it the device of the process: pin before any work. Refuses one that was not compiled in or is not there.
    pub fn pin(self) -> Result<(), NetFault> {
        // A runtime can be opened once only.
        if CHOSEN.get().is_none() {
            let device = self.open()?;
            let _ = CHOSEN.set((self, device));
        }
        match Self::chosen() {
            chosen if chosen == self => Ok(()),
            chosen => Err(NetFault::new("device", "another one is in use already", self.name(), chosen.name())),
        }
    }

    /// The device of the process; the CPU unless another was pinned.
    pub fn chosen() -> Self {
        chosen().0
    }

    pub(crate) fn open(self) -> Result<Device, NetFault> {
        match self {
            ComputeDevice::Cpu => Ok(cpu()),
            #[cfg(feature = "wgpu")]
            ComputeDevice::Wgpu => Device::wgpu_options().init().map_err(|e| {
                NetFault::new("device", "no GPU can be used", e, "a GPU with a driver for Vulkan, Metal or DirectX")
            }),
            #[cfg(feature = "cuda")]
            ComputeDevice::Cuda => {
                let found = Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec().into_iter().next();
                found.ok_or_else(|| {
                    NetFault::new("device", "no GPU can be used", "none", "a GPU of NVIDIA with its driver")
                })
            }
            #[cfg(not(all(feature = "wgpu", feature = "cuda")))]
            absent => {
                let feature = format!("a program built with `--features {}`", absent.name());
                Err(NetFault::new("device", "this program was built without it", absent.name(), feature))
            }
        }
    }
}

fn chosen() -> &'static (ComputeDevice, Device) {
    CHOSEN.get_or_init(|| (ComputeDevice::Cpu, cpu()))
}

/// The device of the process.
pub(crate) fn device() -> Device {
    chosen().1.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_was_not_compiled_in_names_its_feature() {
        for (device, compiled_in) in
            [(ComputeDevice::Wgpu, cfg!(feature = "wgpu")), (ComputeDevice::Cuda, cfg!(feature = "cuda"))]
        {
            if !compiled_in {
                let fault = device.open().unwrap_err();
                assert_eq!(fault.expected, format!("a program built with `--features {}`", device.name()));
            }
        }
        assert_eq!(ComputeDevice::Cpu.open().unwrap(), cpu());
    }
}
