import { useState } from "react";
import { useText } from "../i18n/hooks";
import { COLOURS, RATE_RAMP } from "../layers/palette";
import { useApp } from "../state/context";

function Line({ colour, label }: { colour: string; label: string }) {
  return (
    <li>
      <i className="swatch" style={{ background: colour }} aria-hidden="true" />
      {label}
    </li>
  );
}

/** What the colours of the map mean; only those that are on it. On a phone it is folded until asked for. */
export function Legend() {
  const t = useText();
  const layers = useApp((state) => state.view.layers);
  const close = useApp((state) => (state.view.camera?.zoom ?? 0) >= 15);
  const [open, setOpen] = useState(false);
  const answered = useApp((state) => state.impact.state === "ready");
  return (
    <section className={`legend${open ? " open" : ""}`} aria-label={t("legend.title")}>
      <button type="button" className="legend-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("legend.title")} {open ? "▾" : "▸"}
      </button>
      <ul>
        {layers.includes("network") && close && <Line colour={COLOURS.supply} label={t("legend.supply")} />}
        {layers.includes("network") && close && <Line colour={COLOURS.return} label={t("legend.return")} />}
        {layers.includes("network") && !close && <Line colour={COLOURS.primary} label={t("legend.primary")} />}
        {layers.includes("network") && !close && <Line colour={COLOURS.secondary} label={t("legend.secondary")} />}
        {layers.includes("stations") && <Line colour={COLOURS.source} label={t("legend.source")} />}
        {answered && <Line colour={COLOURS.lost} label={t("legend.lost")} />}
        {answered && <Line colour={COLOURS.degraded} label={t("legend.degraded")} />}
      </ul>
      {layers.includes("rollout") && <RateRamp />}
    </section>
  );
}

function RateRamp() {
  const t = useText();
  const stops = RATE_RAMP.map(([rate, colour]) => `${colour} ${rate * 100}%`).join(", ");
  return (
    <div className="ramp">
      <span>{t("legend.rate")}</span>
      <i style={{ background: `linear-gradient(90deg, ${stops})` }} aria-hidden="true" />
      <span className="ramp-ends">
        <b>0 %</b>
        <b>50 %</b>
        <b>100 %</b>
      </span>
    </div>
  );
}
