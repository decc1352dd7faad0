import { type CSSProperties, type ReactNode, useState } from "react";
import { useText } from "../i18n/hooks";
import { kindName } from "../i18n/text";
import { AREA_LEGEND } from "../layers/areas";
import { DEVICE_SIGNS } from "../layers/devices";
import { GAS_SIGNS } from "../layers/gas";
import type { LayerId } from "../layers/ids";
import { MAIN_SIGNS } from "../layers/mains";
import { NO_BURN_SIGNS, NO_BURN_STATES } from "../layers/noBurn";
import { ROLE_STYLES } from "../layers/overlay";
import { AREA_COLOURS, COLOURS, RATE_RAMP } from "../layers/palette";
import { LAYERS } from "../layers/registry";
import { SAFETY_SIGNS } from "../layers/safety";
import type { Sign } from "../layers/signs";
import { WEATHER_SIGNS } from "../layers/weather";
import { signAddress, valveAddress } from "../map/icons";
import { useApp } from "../state/context";
import { type Role, rolesIn } from "../state/overlay";
import { arrived } from "../state/remote";
import { STATUS_COLOURS } from "../state/status";
import { showsImpact } from "../state/work";
import { ColouringLegend } from "./ColouringLegend";
import { countOf } from "./contents";
import { FieldLegend } from "./FieldLegend";
import { SEVERITIES } from "./problems";
import { SeverityMark } from "./SeverityMark";
import { ThemeLegend } from "./ThemeLegend";
import { useColouring } from "./useColouring";

const SIGNS: readonly [LayerId, readonly Sign[]][] = [
  ["mains", MAIN_SIGNS],
  ["weather", WEATHER_SIGNS],
  ["devices", DEVICE_SIGNS],
  ["gas", GAS_SIGNS],
  ["safety", SAFETY_SIGNS],
  ["no-burn", NO_BURN_SIGNS],
];

function Line({ colour, label }: { colour: string; label: string }) {
  return (
    <li>
      <i className="swatch" style={{ background: colour }} aria-hidden="true" />
      {label}
    </li>
  );
}

function SignLine({ kind, label }: { kind: string; label: string }) {
  return (
    <li>
      <img className="sign" src={signAddress(kind)} alt="" />
      {label}
    </li>
  );
}

/** What the colours and signs of the map mean; only those that are on it. On a phone it is folded until asked for. */
export function Legend() {
  const t = useText();
  const layers = useApp((state) => state.view.layers);
  const [open, setOpen] = useState(false);
  return (
    <section className={`legend${open ? " open" : ""}`} aria-label={t("legend.title")}>
      <button type="button" className="legend-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("legend.title")} {open ? "▾" : "▸"}
      </button>
      <ul>
        <Marks />
        <Work />
        <Pipes />
        <Signs />
        <Areas />
        <Safety />
        <Coverage />
      </ul>
      <ColouringLegend />
      <FieldLegend />
      {layers.includes("rollout") && <RateRamp />}
      <ThemeLegend />
    </section>
  );
}

/** What the open tool of a planner draws. */
function Marks(): ReactNode {
  const legend = useApp((state) => state.marks.legend);
  return legend.map(({ colour, label, sign }) =>
    sign === undefined ? (
      <Line key={label} colour={colour} label={label} />
    ) : (
      <li key={label}>
        <img className="sign" src={valveAddress(sign)} alt="" />
        {label}
      </li>
    ),
  );
}

/** What the open panel draws, and the severities of problems. */
function Work(): ReactNode {
  const t = useText();
  const overlay = useApp((state) => state.overlay);
  const problems = useApp((state) => state.view.layers.includes("problems"));
  return (
    <>
      {problems &&
        SEVERITIES.map((severity) => (
          <li key={severity}>
            <SeverityMark severity={severity} />
            {t(`severity.${severity}`)}
          </li>
        ))}
      {rolesIn(overlay).map((role) => (
        <li key={role}>
          <i
            className={`swatch${ROLE_STYLES[role].dashes === null ? "" : " dashed"}`}
            style={swatchOf(role)}
            aria-hidden="true"
          />
          {t(`legend.${role}`)} {overlay.note}
        </li>
      ))}
    </>
  );
}

function swatchOf(role: Role): CSSProperties {
  const { colour, dashes } = ROLE_STYLES[role];
  return dashes === null ? { background: colour } : { borderColor: colour };
}

function Pipes(): ReactNode {
  const t = useText();
  const on = useApp((state) => state.view.layers.includes("network"));
  const close = useApp((state) => (state.view.camera?.zoom ?? 0) >= 15);
  const answered = useApp((state) => state.impact.state === "ready" && showsImpact(state.view));
  const plain = useColouring() === null;
  return (
    <>
      {on && plain && close && <Line colour={COLOURS.supply} label={t("legend.supply")} />}
      {on && plain && close && <Line colour={COLOURS.return} label={t("legend.return")} />}
      {on && plain && !close && <Line colour={COLOURS.transmission} label={t("legend.transmission")} />}
      {on && plain && !close && <Line colour={COLOURS.primary} label={t("legend.primary")} />}
      {on && plain && !close && <Line colour={COLOURS.secondary} label={t("legend.secondary")} />}
      {on && !plain && <Line colour={STATUS_COLOURS.alarmLevel1} label={t("colouring.alarm")} />}
      {on && !plain && <Line colour={STATUS_COLOURS.cutOff} label={t("status.cutOff")} />}
      {answered && <Line colour={COLOURS.lost} label={t("legend.lost")} />}
      {answered && <Line colour={COLOURS.degraded} label={t("legend.degraded")} />}
    </>
  );
}

/** Tells whether the city holds assets of a kind; everything until that is known. */
function useHolds(): (kind: string) => boolean {
  const contents = useApp((state) => arrived(state.contents));
  return (kind) => contents === null || countOf(contents, [kind]) > 0;
}

/** A sign is explained from the zoom on from which it is drawn. */
function Signs(): ReactNode {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const layers = useApp((state) => state.view.layers);
  const zoom = useApp((state) => Math.floor((state.view.camera?.zoom ?? 0) * 2) / 2);
  const holds = useHolds();
  const drawn = SIGNS.flatMap(([layer, signs]) =>
    layers.includes(layer) ? signs.filter(({ kind, from }) => zoom >= from && holds(kind)) : [],
  );
  return (
    <>
      {layers.includes("stations") && <SignLine kind="source" label={t("legend.source")} />}
      {drawn.map(({ kind }) => (
        <SignLine key={kind} kind={kind} label={kindName(lang, kind)} />
      ))}
    </>
  );
}

function Areas(): ReactNode {
  const lang = useApp((state) => state.view.lang);
  const on = useApp((state) => state.view.layers.includes("areas"));
  const holds = useHolds();
  if (!on) return null;
  return AREA_LEGEND.filter(({ kind }) => holds(kind)).map(({ kind, colour }) => (
    <li key={kind}>
      <i className="swatch dashed" style={{ borderColor: colour }} aria-hidden="true" />
      {kindName(lang, kind)}
    </li>
  ));
}

/** No-burn zones by state, and gas mains. */
function Safety(): ReactNode {
  const lang = useApp((state) => state.view.lang);
  const layers = useApp((state) => state.view.layers);
  const holds = useHolds();
  return (
    <>
      {layers.includes("gas") && holds("gas_pipe") && (
        <li>
          <i className="swatch dashed" style={{ borderColor: COLOURS.gas }} aria-hidden="true" />
          {kindName(lang, "gas_pipe")}
        </li>
      )}
      {layers.includes("no-burn") &&
        holds("no_burn_zone") &&
        NO_BURN_STATES.map(({ state, colour, ...label }) => (
          <Line key={state} colour={colour} label={`${kindName(lang, "no_burn_zone")} · ${label[lang]}`} />
        ))}
    </>
  );
}

/** Coverage has a colour an object, too many to list: the legend says what the colours tell apart. */
function Coverage(): ReactNode {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const layers = useApp((state) => state.view.layers);
  const shown = LAYERS.filter((layer) => layer.group === "coverage" && layers.includes(layer.id));
  const bands = AREA_COLOURS.slice(0, 6).map((colour, i) => `${colour} ${i * 3}px ${i * 3 + 3}px`);
  return shown.map((layer) => (
    <li key={layer.id} title={t("legend.coverageHint")}>
      <i
        className="swatch bands"
        style={{ background: `linear-gradient(90deg, ${bands.join(", ")})` }}
        aria-hidden="true"
      />
      {layer.title[lang]}
    </li>
  ));
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
