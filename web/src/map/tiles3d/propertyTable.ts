/** Columns of the property table of a glTF (EXT_structural_metadata), read from its bytes when they are asked for. */

import type { BufferView, Gltf, PropertyType } from "./content";

type Column = ArrayLike<number>;

const READERS: Record<string, new (buffer: ArrayBufferLike) => Column> = {
  UINT8: Uint8Array,
  INT8: Int8Array,
  UINT16: Uint16Array,
  INT16: Int16Array,
  UINT32: Uint32Array,
  INT32: Int32Array,
  FLOAT32: Float32Array,
  FLOAT64: Float64Array,
};

export class PropertyTable {
  private readonly numbers = new Map<string, Column | null>();

  private constructor(
    readonly count: number,
    private readonly views: readonly BufferView[],
    private readonly types: Record<string, PropertyType>,
    private readonly enums: Record<string, { valueType?: string }>,
    private readonly properties: Record<string, { values: number; stringOffsets?: number; stringOffsetType?: string }>,
  ) {}

  /** The one table of a glTF; null when there is none. */
  static of(gltf: Gltf): PropertyTable | null {
    const metadata = gltf.extensions?.EXT_structural_metadata;
    const table = metadata?.propertyTables?.[0];
    if (table === undefined) return null;
    const types = metadata?.schema?.classes?.[table.class]?.properties ?? {};
    const enums = metadata?.schema?.enums ?? {};
    return new PropertyTable(table.count, gltf.bufferViews ?? [], types, enums, table.properties ?? {});
  }

  /** Column `asset_id`; null when features are no assets. */
  get assetIds(): Column | null {
    return this.column("asset_id");
  }

  /** A column of numbers; null when the table has no such column. An enumeration is read as its numbers. */
  column(name: string): Column | null {
    let found = this.numbers.get(name);
    if (found === undefined) {
      found = this.readColumn(name);
      this.numbers.set(name, found);
    }
    return found;
  }

  number(name: string, row: number): number | null {
    return this.column(name)?.[row] ?? null;
  }

  /** One text of a column; null when there is no such column or row. */
  text(name: string, row: number): string | null {
    const property = this.properties[name];
    if (property?.stringOffsets === undefined || this.types[name]?.type !== "STRING") return null;
    const reader = READERS[property.stringOffsetType ?? "UINT32"];
    const bytes = this.bytes(property.values);
    const offsetBytes = this.bytes(property.stringOffsets);
    if (reader === undefined || bytes === null || offsetBytes === null) return null;
    const offsets = new reader(offsetBytes.slice().buffer);
    const [start, end] = [offsets[row], offsets[row + 1]];
    return start === undefined || end === undefined ? null : new TextDecoder().decode(bytes.subarray(start, end));
  }

  private readColumn(name: string): Column | null {
    const property = this.properties[name];
    const type = this.types[name];
    if (property === undefined || property.stringOffsets !== undefined || type?.type === "STRING") return null;
    const bytes = this.bytes(property.values);
    const numbers =
      type?.type === "ENUM" ? (this.enums[type.enumType ?? ""]?.valueType ?? "UINT16") : type?.componentType;
    const reader = READERS[numbers ?? ""];
    if (bytes === null || reader === undefined) return null;
    return new reader(bytes.slice().buffer);
  }

  private bytes(view: number): Uint8Array | null {
    return this.views[view]?.data ?? null;
  }
}
