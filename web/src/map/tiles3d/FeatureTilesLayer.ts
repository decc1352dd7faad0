/**
 * 3D Tiles whose features are assets: each is picked and coloured by itself.
 *
 * deck.gl's Tile3DLayer picks and colours a tile of glTF content as a whole. This one keeps its loading and its choice of
 * tiles, and draws the content by `FeatureMeshLayer` when it names assets.
 */

import {
  COORDINATE_SYSTEM,
  CompositeLayer,
  type FilterContext,
  type GetPickingInfoParams,
  type Layer,
  type LayerContext,
  type LayerProps,
  type PickingInfo,
} from "@deck.gl/core";
import { Tile3DLayer } from "@deck.gl/geo-layers";
import { ScenegraphLayer } from "@deck.gl/mesh-layers";
import { type FeatureMesh, type Gltf, joined, readFeatures } from "./content";
import { FeatureMeshLayer } from "./FeatureMeshLayer";
import { type FeaturePainter, TileFeatures } from "./features";
import type { Place } from "./geodesy";

/** A feature under the pointer. */
export interface PickedFeature {
  assetId: number;
  tileset: string;
  name: string | null;
  tile: TileFeatures;
  row: number;
}

interface Tile {
  selected: boolean;
  viewportIds: string[];
  tileDrawn: boolean;
  content: { gltf: Gltf | null; cartesianModelMatrix: number[]; cartographicOrigin: ArrayLike<number> };
}

interface ContentProps {
  tile: Tile;
  tileset: string;
  painter: FeaturePainter;
  scenegraph: unknown;
  onFirstDraw: () => void;
}

/** The content of one tile: by feature when it names assets, else as deck.gl draws a glTF. */
class TileContentLayer extends CompositeLayer<ContentProps & LayerProps> {
  static override layerName = "TileContentLayer";

  declare state: { mesh: FeatureMesh | null; features: TileFeatures | null; origin: Place };

  override initializeState(): void {
    const { tile, tileset, painter } = this.props;
    const { gltf, cartesianModelMatrix, cartographicOrigin } = tile.content;
    const [lon = 0, lat = 0] = Array.from(cartographicOrigin);
    const found = gltf === null ? null : readFeatures(gltf, cartesianModelMatrix, [lon, lat, 0]);
    if (found === null) {
      this.setState({ mesh: null, features: null, origin: [lon, lat, 0] });
      return;
    }
    const features = new TileFeatures(tileset, found.table, found.material);
    painter.add(features);
    this.setState({ mesh: joined(found.meshes), features, origin: found.origin });
  }

  override finalizeState(context: LayerContext): void {
    super.finalizeState(context);
    if (this.state.features !== null) this.props.painter.remove(this.state.features);
  }

  override getPickingInfo({ info }: GetPickingInfoParams): PickingInfo {
    const { features } = this.state;
    if (features === null || !info.picked) return info;
    const row = info.index;
    const assetId = features.table.number("asset_id", row);
    const name = features.table.text("name", row) || features.table.text("code", row) || null;
    const found: PickedFeature = { assetId: assetId ?? 0, tileset: features.tileset, name, tile: features, row };
    return { ...info, object: assetId === null ? undefined : found };
  }

  override renderLayers(): Layer | null {
    const { mesh, features, origin } = this.state;
    const { tile, onFirstDraw } = this.props;
    if (mesh === null || features === null) {
      return new ScenegraphLayer(this.props as object, { id: `${this.props.id}-whole` } as never);
    }
    return new FeatureMeshLayer(this.getSubLayerProps({ id: "features" }), {
      tile,
      mesh,
      features,
      onFirstDraw,
      coordinateSystem: COORDINATE_SYSTEM.LNGLAT_OFFSETS,
      coordinateOrigin: origin,
      modelMatrix: null,
    } as never);
  }
}

interface TilesProps {
  painter: FeaturePainter;
}

export class FeatureTilesLayer extends Tile3DLayer<unknown, TilesProps> {
  static override layerName = "FeatureTilesLayer";

  override getSubLayerProps(given: { id?: string } = {}) {
    const props = super.getSubLayerProps(given);
    return given.id === "scenegraph" ? { ...props, painter: this.props.painter, tileset: this.props.id } : props;
  }

  // biome-ignore lint/suspicious/noExplicitAny: deck.gl's own signature
  override getSubLayerClass(id: string, fallback: any): any {
    return id === "scenegraph" ? TileContentLayer : super.getSubLayerClass(id, fallback);
  }

  override getPickingInfo(params: GetPickingInfoParams): PickingInfo {
    const { object } = params.info;
    const info = super.getPickingInfo(params);
    return { ...info, object };
  }

  /** A tile may hold a whole city: how far its middle is from the pointer says nothing of what lies under it. */
  override filterSubLayer({ layer, viewport }: FilterContext): boolean {
    const { tile } = layer.props as unknown as { tile: Tile };
    return tile.selected && tile.viewportIds.includes(viewport.id);
  }
}
