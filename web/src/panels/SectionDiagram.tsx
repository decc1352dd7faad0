import { forwardRef } from "react";
import type { Ellipse, Layout, SectionPipe } from "./section";

interface DiagramProps {
  layout: Layout;
  label: string;
  hovered: number | null;
  selected: number | null;
  onHover(assetId: number | null): void;
  onSelect(assetId: number): void;
}

/** The section as a picture; what it shows stands in the list beside it too. */
export const SectionDiagram = forwardRef<SVGSVGElement, DiagramProps>(function SectionDiagram(
  { layout, label, hovered, selected, onHover, onSelect },
  ref,
) {
  const { width, height } = layout;
  const marked = (pipe: SectionPipe) => pipe.asset_id === hovered || pipe.asset_id === selected;
  const listens = (id: number) => ({
    onMouseEnter: () => onHover(id),
    onMouseLeave: () => onHover(null),
    onClick: () => onSelect(id),
    style: { cursor: "pointer" },
  });
  return (
    <svg
      ref={ref}
      className="section-diagram"
      role="img"
      aria-label={label}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      fontFamily="'Noto Sans SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif"
      fontSize={10.5}
    >
      <rect width={width} height={height} fill="#0b1624" />
      {layout.heights.map(({ y, text }) => (
        <g key={text}>
          <line x1={44} x2={width - 14} y1={y} y2={y} stroke="#1d3552" />
          <text x={40} y={y + 4} textAnchor="end" fill="#9fb6cf">
            {text}
          </text>
        </g>
      ))}
      <path d={layout.filled} fill="#5b4a36" fillOpacity={0.35} />
      {layout.areas.map((area) => (
        <rect
          key={area.key}
          x={area.x}
          y={area.y}
          width={area.width}
          height={area.height}
          fill={area.kind === "water" ? "#2f6fb3" : area.kind === "road" ? "#8aa0b8" : "#34557d"}
          {...listens(area.assetId)}
        >
          <title>{area.name}</title>
        </rect>
      ))}
      <path d={layout.ground} fill="none" stroke="#c9b08a" strokeWidth={1.5} />
      {layout.turns.map((x) => (
        <line key={x} x1={x} x2={x} y1={14} y2={layout.height} stroke="#9fb6cf" strokeDasharray="2 4" opacity={0.5} />
      ))}
      {layout.fittings.map((one) => (
        <rect
          key={one.key}
          x={one.x - 3}
          y={one.top}
          width={6}
          height={Math.max(one.bottom - one.top, 2)}
          fill="none"
          stroke="#cbd5e1"
          {...listens(one.assetId)}
        >
          <title>{one.code}</title>
        </rect>
      ))}
      {layout.labels.map((one) => (
        <g key={one.key} {...listens(one.pipe.asset_id)}>
          <path d={one.leader} stroke="#6f8fb5" fill="none" opacity={marked(one.pipe) ? 1 : 0.55} />
          <text x={one.x} y={one.y + 11} textAnchor="middle" fill={marked(one.pipe) ? "#ffffff" : "#d6e6f5"}>
            {one.lines[0]}
          </text>
          <text x={one.x} y={one.y + 23} textAnchor="middle" fill="#9fb6cf">
            {one.lines[1]}
          </text>
        </g>
      ))}
      {layout.pipes.map((one) => (
        <g
          key={`${one.pipe.asset_id} ${one.pipe.course[0]?.distance_m}`}
          data-asset={one.pipe.asset_id}
          {...listens(one.pipe.asset_id)}
        >
          <PipeShape one={one} marked={marked(one.pipe)} />
        </g>
      ))}
      {layout.ticks.map(({ x, text }) => (
        <text key={text} x={x} y={13} textAnchor="middle" fill="#9fb6cf">
          {text}
        </text>
      ))}
    </svg>
  );
});

function PipeShape({ one, marked }: { one: Ellipse; marked: boolean }) {
  const edge = marked ? "#ffffff" : one.colour;
  if (one.course.length > 0) {
    const points = one.course.map(([x, y]) => `${x},${y}`).join(" ");
    return <polyline points={points} fill="none" stroke={edge} strokeOpacity={0.85} strokeWidth={2 * one.ry} />;
  }
  return (
    <ellipse
      cx={one.x}
      cy={one.y}
      rx={one.rx}
      ry={one.ry}
      fill={one.colour}
      fillOpacity={0.75}
      stroke={edge}
      strokeWidth={marked ? 2 : 1}
    />
  );
}
