/**
 * What the content of a tile holds: triangles, the feature row of each vertex, and the table of the features.
 *
 * glTF 2.0 as loaders.gl hands it over, with EXT_mesh_features, EXT_structural_metadata and EXT_mesh_gpu_instancing read
 * here: loaders.gl leaves instances alone and decodes the tables into lists, row after row.
 */

import { composed, type Matrix, multiplied, type Place, placedOffsets, turnedNormals, UNTURNED } from "./geodesy";
import { PropertyTable } from "./propertyTable";

type Numbers = ArrayLike<number>;

interface Accessor {
  value: Numbers;
  components: number;
}

interface Primitive {
  attributes: Record<string, Accessor | undefined>;
  indices?: Accessor;
  mode?: number;
  material?: { pbrMetallicRoughness?: { baseColorFactor?: number[] } };
}

interface Node {
  matrix?: number[];
  translation?: number[];
  rotation?: number[];
  scale?: number[];
  mesh?: { primitives: Primitive[] };
  children?: Node[];
  extensions?: { EXT_mesh_gpu_instancing?: { attributes: Record<string, number> } };
}

export interface BufferView {
  data: Uint8Array;
}

/** A glTF whose references loaders.gl has followed. */
export interface Gltf {
  scene?: { nodes: Node[] };
  scenes?: { nodes: Node[] }[];
  accessors?: Accessor[];
  bufferViews?: BufferView[];
  extensions?: { EXT_structural_metadata?: StructuralMetadata };
}

export interface StructuralMetadata {
  schema?: {
    classes?: Record<string, { properties?: Record<string, PropertyType> }>;
    enums?: Record<string, { valueType?: string }>;
  };
  propertyTables?: {
    class: string;
    count: number;
    properties: Record<string, { values: number; stringOffsets?: number; stringOffsetType?: string }>;
  }[];
}

export interface PropertyType {
  type?: string;
  componentType?: string;
  enumType?: string;
}

/** One mesh, ready for the GPU. */
export interface FeatureMesh {
  /** Degrees of longitude and latitude and metres of height from the place of the tile, three a vertex. */
  offsets: Float32Array;
  /** East, north, up in bytes, four a vertex; null: the faces are flat. */
  normals: Int8Array | null;
  /** Feature row of each vertex: row of the table. */
  rows: Float32Array;
  indices: Uint32Array;
}

export interface FeatureContent {
  origin: Place;
  meshes: FeatureMesh[];
  table: PropertyTable;
  /** Colour of the content's own material, 0-255; null: none is given. */
  material: readonly [number, number, number] | null;
}

const FEATURE_ROW = "_FEATURE_ID_0";
const TRIANGLES = 4;

/**
 * Read the features of a glTF, or null when it has none by asset: such a content is drawn as deck.gl draws it.
 *
 * `toEarth` takes the glTF's coordinates to earth-centred ones; `origin` is a place near by.
 */
export function readFeatures(gltf: Gltf, toEarth: Matrix, origin: Place): FeatureContent | null {
  const table = PropertyTable.of(gltf);
  if (table === null || table.assetIds === null) return null;
  const found: Part[] = [];
  for (const node of rootsOf(gltf)) collect(gltf, node, UNTURNED, found);
  if (found.length === 0 || found.some((part) => part.rows === null)) return null;
  const meshes = found.map((part) => placed(part, toEarth, origin));
  return { origin, meshes, table, material: materialOf(found[0]?.primitive) };
}

function rootsOf(gltf: Gltf): Node[] {
  return (gltf.scene ?? gltf.scenes?.[0])?.nodes ?? [];
}

/** A primitive where it stands; instances are parts of their own. */
interface Part {
  primitive: Primitive;
  matrix: Matrix;
  rows: { each: Numbers } | { all: number } | null;
}

function collect(gltf: Gltf, node: Node, above: Matrix, found: Part[]): void {
  const own = node.matrix ?? composed(node.translation ?? [], node.rotation ?? [], node.scale ?? []);
  const matrix = multiplied(above, own);
  const instances = node.extensions?.EXT_mesh_gpu_instancing;
  for (const primitive of node.mesh?.primitives ?? []) {
    if ((primitive.mode ?? TRIANGLES) !== TRIANGLES) continue;
    if (instances === undefined) found.push({ primitive, matrix, rows: rowsOf(primitive) });
    else found.push(...repeated(gltf, primitive, matrix, instances.attributes));
  }
  for (const child of node.children ?? []) collect(gltf, child, matrix, found);
}

function rowsOf(primitive: Primitive): Part["rows"] {
  const each = primitive.attributes[FEATURE_ROW]?.value;
  return each === undefined ? null : { each };
}

/** Instances are few and small (fittings of one tile): as triangles they cost less than a draw each. */
function repeated(gltf: Gltf, primitive: Primitive, matrix: Matrix, attributes: Record<string, number>): Part[] {
  const values = (name: string) => gltf.accessors?.[attributes[name] ?? -1]?.value;
  const [moves, turns, scales, rows] = ["TRANSLATION", "ROTATION", "SCALE", FEATURE_ROW].map(values);
  const count = moves !== undefined ? moves.length / 3 : (rows?.length ?? 0);
  const slice = (list: Numbers | undefined, i: number, size: number) =>
    list === undefined ? [] : Array.from({ length: size }, (_, k) => list[i * size + k] as number);
  return Array.from({ length: count }, (_, i) => ({
    primitive,
    matrix: multiplied(matrix, composed(slice(moves, i, 3), slice(turns, i, 4), slice(scales, i, 3))),
    rows: rows === undefined ? null : { all: rows[i] as number },
  }));
}

function placed(part: Part, toEarth: Matrix, origin: Place): FeatureMesh {
  const { attributes, indices } = part.primitive;
  const positions = attributes.POSITION?.value ?? [];
  const normals = attributes.NORMAL?.value;
  const matrix = multiplied(toEarth, part.matrix);
  const count = positions.length / 3;
  const rows = new Float32Array(count);
  if (part.rows !== null && "all" in part.rows) rows.fill(part.rows.all);
  else if (part.rows !== null) rows.set(part.rows.each);
  return {
    offsets: placedOffsets(positions, matrix, origin),
    normals: normals === undefined ? null : turnedNormals(normals, matrix, origin),
    rows,
    indices: indices === undefined ? Uint32Array.from({ length: count }, (_, i) => i) : Uint32Array.from(indices.value),
  };
}

/** One mesh of many: a tile of instances is drawn at once. */
export function joined(meshes: readonly FeatureMesh[]): FeatureMesh {
  const [first] = meshes;
  if (meshes.length === 1 && first !== undefined) return first;
  const vertices = meshes.reduce((sum, { rows }) => sum + rows.length, 0);
  const corners = meshes.reduce((sum, { indices }) => sum + indices.length, 0);
  const flat = meshes.some(({ normals }) => normals === null);
  const whole = {
    offsets: new Float32Array(3 * vertices),
    normals: flat ? null : new Int8Array(4 * vertices),
    rows: new Float32Array(vertices),
    indices: new Uint32Array(corners),
  };
  let [vertex, corner] = [0, 0];
  for (const mesh of meshes) {
    whole.offsets.set(mesh.offsets, 3 * vertex);
    if (mesh.normals !== null) whole.normals?.set(mesh.normals, 4 * vertex);
    whole.rows.set(mesh.rows, vertex);
    whole.indices.set(
      mesh.indices.map((index) => index + vertex),
      corner,
    );
    vertex += mesh.rows.length;
    corner += mesh.indices.length;
  }
  return whole;
}

function materialOf(primitive: Primitive | undefined): FeatureContent["material"] {
  const colour = primitive?.material?.pbrMetallicRoughness?.baseColorFactor;
  if (colour === undefined) return null;
  const [red = 1, green = 1, blue = 1] = colour.map((part) => Math.round(255 * part));
  return [red, green, blue];
}
