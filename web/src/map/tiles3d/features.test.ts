import { describe, expect, it } from "vitest";
import { STATUS, STATUS_COLOURS } from "../../state/status";
import type { Gltf } from "./content";
import { FeaturePainter, MARK, rgb, TileFeatures } from "./features";
import { PropertyTable } from "./propertyTable";

function bytes(...lists: ArrayLike<number>[]): Uint8Array[] {
  return lists.map((list) => new Uint8Array((list as Uint32Array).buffer.slice(0)));
}

/** A table of assets with names, as a glTF carries it. */
function table(ids: number[], names: string[]): PropertyTable {
  const texts = names.map((name) => new TextEncoder().encode(name));
  const offsets = [0];
  for (const text of texts) offsets.push((offsets.at(-1) ?? 0) + text.length);
  const [idBytes, offsetBytes] = bytes(Uint32Array.from(ids), Uint32Array.from(offsets)) as [Uint8Array, Uint8Array];
  const gltf: Gltf = {
    bufferViews: [
      { data: idBytes },
      { data: Uint8Array.from(texts.flatMap((text) => [...text])) },
      { data: offsetBytes },
    ],
    extensions: {
      EXT_structural_metadata: {
        schema: {
          classes: {
            building: {
              properties: { asset_id: { type: "SCALAR", componentType: "UINT32" }, name: { type: "STRING" } },
            },
          },
        },
        propertyTables: [
          {
            class: "building",
            count: ids.length,
            properties: { asset_id: { values: 0 }, name: { values: 1, stringOffsets: 2 } },
          },
        ],
      },
    },
  };
  return PropertyTable.of(gltf) as PropertyTable;
}

describe("the property table", () => {
  it("gives ids that float32 could not hold, and Chinese names", () => {
    const found = table([16_777_217, 4_294_967_295], ["长青嘉园1号楼", ""]);
    expect(found.number("asset_id", 0)).toBe(16_777_217);
    expect(found.number("asset_id", 1)).toBe(4_294_967_295);
    expect(found.text("name", 0)).toBe("长青嘉园1号楼");
    expect(found.text("name", 1)).toBe("");
    expect([found.text("name", 2), found.text("asset_id", 0), found.number("height", 0)]).toEqual([null, null, null]);
  });
});

describe("the painter of features", () => {
  const live = new Map<number, number>();
  const alarm = rgb(STATUS_COLOURS.alarmLevel1);

  function painted(ids: number[]): [FeaturePainter, TileFeatures, number[][]] {
    live.clear();
    const painter = new FeaturePainter({ get: (id) => live.get(id) });
    const tile = new TileFeatures("buildings", table(ids, ids.map(String)), null);
    const written: number[][] = [];
    tile.listeners.add((rows) => written.push([...rows]));
    painter.add(tile);
    return [painter, tile, written];
  }

  it("writes one feature for one alarm and tells its tile of that row alone", () => {
    const [painter, tile, written] = painted([7, 8, 9]);
    const plain = tile.colour(0)[0];
    live.set(8, STATUS.alarmLevel1);
    expect(painter.mark([8, 12_345])).toBe(1);
    expect(written).toEqual([[1]]);
    expect([0, 1, 2].map((row) => tile.colour(row)[0])).toEqual([plain, alarm, plain]);
    expect(painter.alarmed()).toEqual([8]);
    live.set(8, STATUS.normal);
    painter.mark([8]);
    expect(painter.alarmed()).toEqual([]);
    expect(painter.coloursOf(8)).toEqual([plain]);
  });

  it("keeps the colour of an alarm on the selected feature, and marks it", () => {
    const [painter, tile] = painted([7, 8]);
    live.set(7, STATUS.alarmLevel1);
    painter.mark([7]);
    painter.select(7);
    expect(tile.colour(0)).toEqual([alarm, MARK.selected]);
    painter.hover(7);
    expect(tile.colour(0)[1]).toBe(MARK.selected | MARK.hovered);
    painter.select(null);
    expect(tile.colour(0)[1]).toBe(MARK.hovered);
  });

  it("paints an asset in every tile that holds it, and a tile that comes later with what is known", () => {
    const [painter, , written] = painted([7, 8]);
    live.set(8, STATUS.cutOff);
    painter.mark([8]);
    const finer = new TileFeatures("buildings", table([8], ["八"]), null);
    painter.add(finer);
    const violet = rgb(STATUS_COLOURS.cutOff);
    expect(painter.coloursOf(8)).toEqual([violet, violet]);
    painter.remove(finer);
    expect(painter.coloursOf(8)).toEqual([violet]);
    expect(written).toEqual([[1]]);
  });

  it("colours a building for what stands in it, by the gravest of it", () => {
    const [painter] = painted([7, 8]);
    const plain = painter.coloursOf(7);
    painter.house([100, 101], [7, 7]);
    live.set(100, STATUS.cutOff);
    live.set(101, STATUS.alarmLevel3);
    expect(painter.mark([100, 101])).toBe(1);
    expect(painter.coloursOf(7)).toEqual([rgb(STATUS_COLOURS.alarmLevel3)]);
    expect(painter.coloursOf(8)).toEqual(plain);
    live.set(101, STATUS.normal);
    painter.mark([101]);
    expect(painter.coloursOf(7)).toEqual([rgb(STATUS_COLOURS.cutOff)]);
    painter.select(100);
    expect([painter.isHoused(100), painter.isHoused(8)]).toEqual([true, false]);
  });

  it("takes the colours that the page chooses, but an alarm stays on top of them", () => {
    const [painter] = painted([7, 8]);
    const [plain] = painter.coloursOf(7);
    painter.colour(new Map([[7, [1, 2, 3]]]));
    expect([painter.coloursOf(7), painter.coloursOf(8)]).toEqual([[[1, 2, 3]], [plain]]);
    live.set(7, STATUS.alarmLevel1);
    painter.mark([7]);
    expect(painter.coloursOf(7)).toEqual([alarm]);
    live.delete(7);
    painter.colour(new Map());
    expect(painter.coloursOf(7)).toEqual([plain]);
  });

  it("leaves a building alone that only reports that its data are old", () => {
    const [painter] = painted([7]);
    live.set(7, STATUS.stale);
    expect(painter.mark([7])).toBe(0);
  });
});
