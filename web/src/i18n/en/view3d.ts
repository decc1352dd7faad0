import type { view3d as zh } from "../zh/view3d";

export const view3d: Record<keyof typeof zh, string> = {
  "mode.satellite": "Satellite",
  "mode.noSatellite": "This city has no imagery: import a raster of imagery to use it",
  "mode.keys": "{name} (key {key})",
  "camera.title": "Camera",
  "camera.left": "Turn left (key Q)",
  "camera.right": "Turn right (key E)",
  "camera.up": "Tilt towards the horizon (key F)",
  "camera.down": "Tilt towards the ground (key R)",
  "camera.north": "North up (key N)",
  "camera.pitch": "Pitch {pitch}°",
  "kind.fitting": "Fitting",
  "feature.height": "Height {height} m ({source})",
  "feature.given": "as given",
  "feature.storeys": "from storeys",
  "feature.default": "default",
  "feature.unknown": "unknown source",
  "feature.dn": "DN{dn}",
  "feature.depth": "Depth {depth} m",
};
