interface FigureProps {
  label: string;
  value: string;
  colour?: string;
}

/** One number with its unit and its name. */
export function Figure({ label, value, colour }: FigureProps) {
  return (
    <div className="figure">
      <dd style={colour === undefined ? undefined : { color: colour }}>{value}</dd>
      <dt>{label}</dt>
    </div>
  );
}
