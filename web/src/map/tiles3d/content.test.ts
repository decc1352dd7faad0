import { describe, expect, it } from "vitest";
import { type Gltf, joined, readFeatures } from "./content";
import { geodetic } from "./geodesy";

const X = 6_378_137;
/** From glTF's y-up axes to the equator at longitude 0, where east is y and north is z. */
const TO_EARTH = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0, X, 0, 0, 1];
const METRE_DEGREES = 180 / Math.PI / X;

function gltf(node: object, more: Partial<Gltf> = {}): Gltf {
  return {
    scenes: [{ nodes: [{ mesh: { primitives: [TRIANGLE] }, ...node }] }],
    bufferViews: [{ data: new Uint8Array(Uint32Array.from([70, 71]).buffer) }],
    extensions: {
      EXT_structural_metadata: {
        schema: { classes: { thing: { properties: { asset_id: { type: "SCALAR", componentType: "UINT32" } } } } },
        propertyTables: [{ class: "thing", count: 2, properties: { asset_id: { values: 0 } } }],
      },
    },
    ...more,
  };
}

const TRIANGLE = {
  attributes: {
    POSITION: { value: Uint16Array.from([0, 0, 0, 100, 0, 0, 0, 50, 0]), components: 3 },
    NORMAL: { value: Int8Array.from([0, 127, 0, 0, 127, 0, 0, 127, 0]), components: 3 },
    _FEATURE_ID_0: { value: Uint16Array.from([1, 1, 1]), components: 1 },
  },
  indices: { value: Uint16Array.from([0, 1, 2]), components: 1 },
};

describe("the content of a tile", () => {
  it("is undone of its quantisation and placed: east, north, up", () => {
    const found = readFeatures(gltf({ scale: [0.1, 0.1, 0.1], translation: [0, 5, 0] }), TO_EARTH, [0, 0, 0]);
    const mesh = found?.meshes[0];
    expect(mesh?.offsets[3]).toBeCloseTo(10 * METRE_DEGREES, 9);
    expect(mesh?.offsets[4]).toBeCloseTo(0, 9);
    expect(mesh?.offsets[8]).toBeCloseTo(10, 4);
    expect([...(mesh?.rows ?? [])]).toEqual([1, 1, 1]);
    expect([...(mesh?.normals ?? [])].slice(0, 4)).toEqual([0, 0, 127, 0]);
    expect(found?.table.number("asset_id", 1)).toBe(71);
  });

  it("has one part an instance, each with its row and its place", () => {
    const attributes = { TRANSLATION: 0, ROTATION: 1, SCALE: 2, _FEATURE_ID_0: 3 };
    const accessors = [
      { value: Float32Array.from([0, 0, 0, 1000, 0, 0]), components: 3 },
      { value: Float32Array.from([0, 0, 0, 1, 0, 0, 0, 1]), components: 4 },
      { value: Float32Array.from([1, 1, 1, 0.5, 0.5, 0.5]), components: 3 },
      { value: Uint16Array.from([0, 1]), components: 1 },
    ];
    const instanced = gltf({ extensions: { EXT_mesh_gpu_instancing: { attributes } } }, { accessors });
    const whole = joined(readFeatures(instanced, TO_EARTH, [0, 0, 0])?.meshes ?? []);
    expect([...whole.rows]).toEqual([0, 0, 0, 1, 1, 1]);
    expect([...whole.indices]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(whole.offsets[3 * 4]).toBeCloseTo(1050 * METRE_DEGREES, 6);
    expect(whole.offsets[3 * 5 + 2]).toBeCloseTo(geodetic(X + 25, 1000, 0)[2], 2);
  });

  it("is left to deck.gl when its features are no assets", () => {
    expect(readFeatures(gltf({}, { extensions: {} }), TO_EARTH, [0, 0, 0])).toBeNull();
  });
});
