import { Segmented, Slider, Switch } from "antd";
import type { Tileset3D } from "../api/shapes";
import { CESIUM_VERSION } from "../globe/cesium";
import { PAINTS, rampOf } from "../globe/styles";
import type { GlobeState } from "../globe/useGlobe";
import { useText } from "../i18n/hooks";
import { type TextKey, zh } from "../i18n/zh";
import { imageryOf } from "../layers/satellite";
import { useApp } from "../state/context";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

/** What the globe shows and in which colours; what is wrong with it, in words. */
export function GlobePanel({ globe }: { globe: GlobeState }) {
  const t = useText();
  const { tilesets } = globe;
  return (
    <Panel title={t("globe.title")} className="globe-panel">
      {tilesets.state === "missing" ? <Missing /> : <RemoteNote remote={tilesets} />}
      {tilesets.state === "ready" && <Controls globe={globe} />}
      {[...globe.problems].map(([what, message]) => (
        <p key={what} className="failed" role="alert">
          {t("globe.problem", { what: partName(t, what), message })}
        </p>
      ))}
      <Credits of={tilesets.state === "ready" ? tilesets.value : []} />
    </Panel>
  );
}

function Missing() {
  const t = useText();
  return (
    <div className="failed" role="alert">
      <p>{t("globe.missing", { version: CESIUM_VERSION })}</p>
      <p>{t("globe.install")}</p>
    </div>
  );
}

function partName(t: (key: TextKey) => string, what: string): string {
  const key = { ground: "globe.theGround", render: "globe.theRender" }[what] ?? `globe.${what}`;
  return key in zh ? t(key as TextKey) : what;
}

function Controls({ globe }: { globe: GlobeState }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const found = globe.tilesets.state === "ready" ? globe.tilesets.value : [];
  if (found.length === 0) return <p className="empty">{t("globe.none")}</p>;
  return (
    <>
      <ul className="layer-list" aria-label={t("globe.tilesets")}>
        {found.map(({ name, title_zh, title_en }) => (
          <li key={name}>
            <label htmlFor={`tileset-${name}`}>
              <Switch
                id={`tileset-${name}`}
                size="small"
                checked={globe.shown.has(name)}
                onChange={(on) => globe.show(name, on)}
                aria-label={lang === "zh" ? title_zh : title_en}
              />
              <span>{lang === "zh" ? title_zh : title_en}</span>
            </label>
          </li>
        ))}
      </ul>
      <div className="look-row">
        <span>{t("globe.paint")}</span>
        <Segmented
          size="small"
          aria-label={t("globe.paint")}
          options={PAINTS.map((value) => ({ value, label: t(`globe.paint.${value}`) }))}
          value={globe.paint}
          onChange={globe.setPaint}
        />
      </div>
      {globe.paint === "measure" && <Ramps names={[...globe.shown]} />}
      <GroundOpacity globe={globe} />
    </>
  );
}

function GroundOpacity({ globe }: { globe: GlobeState }) {
  const t = useText();
  return (
    <div className="ground-opacity" title={t("globe.groundHint")}>
      <span>{t("globe.ground")}</span>
      <Slider
        min={0}
        max={100}
        step={5}
        value={Math.round(globe.groundOpacity * 100)}
        ariaLabelForHandle={t("globe.ground")}
        tooltip={{ formatter: (value) => `${value} %` }}
        onChange={(value: number) => globe.setGroundOpacity(value / 100)}
      />
    </div>
  );
}

/** Each ramp once, however many tilesets share it. */
function Ramps({ names }: { names: readonly string[] }) {
  const t = useText();
  const ramps = new Set(names.map(rampOf).filter((ramp) => ramp !== null));
  return [...ramps].map(({ column, unit, steps }) => (
    <div key={column} className="globe-ramp">
      <b>{t("globe.ramp", { name: t(`globe.column.${column}` as TextKey), unit })}</b>
      <ul>
        {steps.map(([from, colour]) => (
          <li key={from}>
            <i style={{ background: colour }} />
            {`≥ ${from}`}
          </li>
        ))}
      </ul>
    </div>
  ));
}

/** Who made what is seen. */
function Credits({ of }: { of: readonly Tileset3D[] }) {
  const t = useText();
  const picture = useApp((state) => imageryOf(state.rasters)?.attribution ?? "");
  const others = new Set([picture, ...of.map(({ attribution }) => attribution)].filter((one) => one !== ""));
  return <p className="credits">{[t("globe.credit", { version: CESIUM_VERSION }), ...others].join(" · ")}</p>;
}
