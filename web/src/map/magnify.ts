import type { LayerSpecification } from "maplibre-gl";

/** A number, or an interpolation whose outputs are numbers, times a factor; anything else as it is. */
export function times(value: unknown, factor: number): unknown {
  if (typeof value === "number") return value * factor;
  if (!Array.isArray(value) || value[0] !== "interpolate") return value;
  // ["interpolate", kind, input, stop, output, stop, output, ...]
  return value.map((part: unknown, i) => (i >= 4 && i % 2 === 0 && typeof part === "number" ? part * factor : part));
}

/** A layer whose texts and signs can be read from farther away: a wall is looked at across a room. */
export function magnified(layer: LayerSpecification, factor: number): LayerSpecification {
  if (factor === 1) return layer;
  if (layer.type === "symbol") {
    const { "text-size": text = 16, "icon-size": icon = 1 } = layer.layout ?? {};
    const layout = { ...layer.layout, "text-size": times(text, factor), "icon-size": times(icon, factor) };
    // larger texts need more room: they appear later
    const minzoom = layer.minzoom === undefined ? {} : { minzoom: layer.minzoom + Math.log2(factor) / 2 };
    return { ...layer, ...minzoom, layout } as LayerSpecification;
  }
  if (layer.type === "circle") {
    const radius = times(layer.paint?.["circle-radius"], (1 + factor) / 2);
    return { ...layer, paint: { ...layer.paint, "circle-radius": radius } } as LayerSpecification;
  }
  return layer;
}
