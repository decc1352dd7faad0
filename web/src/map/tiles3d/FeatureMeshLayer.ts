/** Draws the triangles of one tile, each feature in a colour of its own and picked by its row. */

import { color, Layer, type LayerProps, picking, project32, type UpdateParameters } from "@deck.gl/core";
import type { Texture } from "@luma.gl/core";
import { Geometry, Model } from "@luma.gl/engine";
import type { ShaderModule } from "@luma.gl/shadertools";
import type { FeatureMesh } from "./content";
import type { TileFeatures } from "./features";

interface OwnProps {
  mesh: FeatureMesh;
  features: TileFeatures;
  onFirstDraw: () => void;
}

/** More rows than this at once are written as one picture. */
const SINGLE_ROWS = 12;

const featureColours = {
  name: "featureColours",
  vs: "uniform highp sampler2D colourOfRow;\n",
  uniformTypes: {},
} as const satisfies ShaderModule<{ colourOfRow: Texture }>;

/* Light from the west-south-west: roofs, walls to the sun and walls in the shade differ. */
const VERTEX = `#version 300 es
#define SHADER_NAME feature-mesh-vertex
in vec3 positions;
in vec3 normals;
in float featureRows;
out vec3 paint;
flat out int marks;
const vec3 SUN = vec3(-0.52, -0.3, 0.8);

void main(void) {
  int row = int(featureRows);
  int columns = textureSize(colourOfRow, 0).x;
  vec4 colour = texelFetch(colourOfRow, ivec2(row % columns, row / columns), 0);
  geometry.worldPosition = positions;
  geometry.pickingColor = picking_getPickingColorFromIndex(featureRows);
  geometry.position = vec4(project_position(positions), 1.0);
  gl_Position = project_common_position_to_clipspace(geometry.position);
  DECKGL_FILTER_GL_POSITION(gl_Position, geometry);
  float light = dot(normals, normals) < 0.25 ? 1.0 : 0.6 + 0.45 * max(dot(normalize(normals), SUN), -0.35);
  marks = int(colour.a * 255.0 + 0.5);
  paint = colour.rgb * light;
  vec4 unused = vec4(paint, 1.0);
  DECKGL_FILTER_COLOR(unused, geometry);
}
`;

/* A selected feature keeps its colour, which may be an alarm's, and is striped with white. */
const FRAGMENT = `#version 300 es
#define SHADER_NAME feature-mesh-fragment
precision highp float;
in vec3 paint;
flat in int marks;
out vec4 fragColor;

void main(void) {
  geometry.uv = vec2(0.0);
  vec3 colour = paint;
  if ((marks & 2) != 0) colour = mix(colour, vec3(1.0), 0.25);
  if ((marks & 1) != 0 && mod(gl_FragCoord.x + gl_FragCoord.y, 12.0) < 5.0) colour = vec3(1.0);
  fragColor = vec4(colour, layer.opacity);
  DECKGL_FILTER_COLOR(fragColor, geometry);
}
`;

export class FeatureMeshLayer extends Layer<OwnProps & LayerProps> {
  static override layerName = "FeatureMeshLayer";
  static override defaultProps = {
    mesh: { type: "object", value: null },
    features: { type: "object", value: null },
    onFirstDraw: { type: "function", value: () => {} },
  };

  declare state: { model: Model; colours: Texture; drawn: boolean };

  override getShaders() {
    return super.getShaders({ vs: VERTEX, fs: FRAGMENT, modules: [color, project32, picking, featureColours] });
  }

  override initializeState(): void {
    const { features } = this.props;
    const { device } = this.context;
    const { width, height } = features;
    const sampler = { minFilter: "nearest", magFilter: "nearest" } as const;
    const colours = device.createTexture({ format: "rgba8unorm", width, height, data: features.colours, sampler });
    this.setState({ colours, model: this.model(colours), drawn: false });
    features.listeners.add(this.written);
  }

  override updateState(params: UpdateParameters<this>): void {
    super.updateState(params);
    if (params.changeFlags.extensionsChanged && params.oldProps.mesh) {
      this.state.model.destroy();
      this.setState({ model: this.model(this.state.colours) });
    }
  }

  override finalizeState(context: this["context"]): void {
    super.finalizeState(context);
    this.props.features.listeners.delete(this.written);
    this.state.model?.destroy();
    this.state.colours?.destroy();
  }

  override draw(): void {
    this.state.model.draw(this.context.renderPass);
    if (this.state.drawn) return;
    this.state.drawn = true;
    this.props.onFirstDraw();
  }

  /** Colours of a few features are four bytes each; of many, the picture at once. */
  private readonly written = (rows: readonly number[]): void => {
    const { colours: bytes, width, height } = this.props.features;
    const { colours } = this.state;
    if (rows.length > SINGLE_ROWS) colours.writeData(bytes, { width, height });
    else
      for (const row of rows) {
        const at = { x: row % width, y: Math.floor(row / width), width: 1, height: 1 };
        colours.writeData(bytes.slice(4 * row, 4 * row + 4), at);
      }
    this.setNeedsRedraw();
  };

  private model(colours: Texture): Model {
    const { offsets, normals, rows, indices } = this.props.mesh;
    const geometry = new Geometry({
      topology: "triangle-list",
      attributes: {
        positions: { value: offsets, size: 3 },
        normals: { value: normals ?? new Int8Array((4 * offsets.length) / 3), size: 4, normalized: true },
        featureRows: { value: rows, size: 1 },
      },
      indices,
    });
    const model = new Model(this.context.device, {
      ...this.getShaders(),
      id: this.props.id,
      geometry,
      bufferLayout: [],
      isInstanced: false,
    });
    model.setBindings({ colourOfRow: colours });
    return model;
  }
}
