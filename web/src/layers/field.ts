import type { LayerSpecification, SourceSpecification } from "maplibre-gl";
import { ownAddress, withQuery } from "../map/addresses";
import { FONT, type LayerInput } from "./definition";
import { COLOURS } from "./palette";

type Shown = NonNullable<LayerInput["field"]>;

/** The field as a layer over the ground, below the network. */
export function fieldLayer({ field, imagery }: LayerInput): LayerSpecification[] {
  if (field === null) return [];
  return [{ id: "field", type: "raster", source: "field", paint: { "raster-opacity": imagery ? 0.4 : 0.45 } }];
}

/** What the field was made from: the stations with their values. */
export function fieldStations({ field }: LayerInput): LayerSpecification[] {
  if (field === null) return [];
  return [
    {
      id: "field-station",
      type: "circle",
      source: "field-stations",
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 3, 15, 6],
        "circle-color": COLOURS.selected,
        "circle-stroke-color": COLOURS.halo,
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "field-value",
      type: "symbol",
      source: "field-stations",
      layout: {
        "text-field": ["number-format", ["get", "value"], { "max-fraction-digits": 1 }],
        "text-font": FONT,
        "text-size": 13,
        "text-anchor": "bottom",
        "text-offset": [0, -0.5],
      },
      paint: { "text-color": COLOURS.selected, "text-halo-color": COLOURS.halo, "text-halo-width": 2 },
    },
  ];
}

/** Sources of a field; their addresses change with its time, so that the map asks again. */
export function fieldSources({ shown, at, city }: Shown, origin: string): Record<string, SourceSpecification> {
  const time = { ...(at === null ? {} : { at }), v: shown.as_of_at };
  const { minzoom, maxzoom, bounds } = shown;
  const stations = new URLSearchParams({ city: String(city), ...time });
  return {
    field: {
      type: "raster",
      tiles: [withQuery(ownAddress(shown.tiles, origin), time)],
      tileSize: 256,
      minzoom,
      maxzoom,
      bounds,
    },
    "field-stations": { type: "geojson", data: `${origin}/fields/${shown.field}/stations.geojson?${stations}` },
  };
}
