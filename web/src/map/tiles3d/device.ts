/** How much of a tileset a device may hold, and how fine it draws it. */

interface Device {
  innerWidth: number;
  innerHeight: number;
  navigator: object;
}

const SMALL_WINDOW_PX = 700;
const WALL_PX = 2_000_000;

/** Options of loaders.gl: a phone holds less and draws coarser, a wall holds more. */
export function loadOptionsOf(device: Device): Record<string, unknown> {
  const { innerWidth, innerHeight } = device;
  const small = Math.min(innerWidth, innerHeight) < SMALL_WINDOW_PX || memoryOf(device) <= 2;
  const large = innerWidth * innerHeight > WALL_PX;
  return {
    tileset: {
      maximumMemoryUsage: small ? 48 : large ? 256 : 160,
      maximumScreenSpaceError: small ? 12 : 6,
      maxRequests: small ? 6 : 16,
    },
    // features and their table are read by us: loaders.gl would make a list of every row
    gltf: { excludeExtensions: { EXT_mesh_features: false, EXT_structural_metadata: false } },
  };
}

/** Gigabytes as far as the browser tells (at most 8); 8 where it does not. */
function memoryOf({ navigator }: Device): number {
  return "deviceMemory" in navigator ? Number(navigator.deviceMemory) : 8;
}
