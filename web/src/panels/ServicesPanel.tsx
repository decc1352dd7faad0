import { Button, Segmented, Select } from "antd";
import { useRef, useState } from "react";
import { useText } from "../i18n/hooks";
import { tilesetName } from "../i18n/text";
import { useApp, useParts } from "../state/context";
import { arrived } from "../state/remote";
import { DATUMS, type Datum } from "../state/view";
import { OfflinePackage } from "./OfflinePackage";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";
import { copy, MAP_TILESETS, type Service, type Style, servicesOf } from "./services";
import { useAnswer } from "./useAnswer";

const FIRST_STYLE = "network-class";

/** The map and its data in the programs of others: addresses to copy, by datum. */
export default function ServicesPanel() {
  const t = useText();
  const { desk, planning } = useParts();
  const { crs, style, sets } = useApp((state) => state.view.work);
  const city = useApp((state) => state.view.city) ?? 1;
  const lang = useApp((state) => state.view.lang);
  const rasters = useApp((state) => state.rasters);
  const built = useApp((state) => arrived(state.tilesets));
  const styles = useAnswer<Style[]>("styles", () => planning.get<Style[]>("/styles"));
  const names = Object.keys(built ?? {});
  const datum: Datum = DATUMS.find((one) => one === crs) ?? "wgs84";
  const tilesets = (sets?.split(",") ?? MAP_TILESETS).filter((name) => names.includes(name));
  const known = arrived(styles) ?? [];
  const chosen = (known.find((one) => one.style === (style ?? FIRST_STYLE)) ?? known[0])?.style ?? null;
  const services = servicesOf({ origin: window.location.origin, city, datum, tilesets, style: chosen, lang, rasters });
  return (
    <Panel title={t("services.title")} className="work-panel services">
      <p className="note">{t("services.lead")}</p>
      <h3>{t("export.datum")}</h3>
      <Segmented
        block
        size="small"
        aria-label={t("export.datum")}
        options={DATUMS.map((value) => ({ value, label: t(`services.${value}`) }))}
        value={datum}
        onChange={(next) => desk.set({ crs: next === "wgs84" ? null : next })}
      />
      <p className="note">{t(`services.note.${datum}`)}</p>
      <h3>{t("services.content")}</h3>
      <Select
        size="small"
        mode="multiple"
        aria-label={t("services.content")}
        value={tilesets}
        options={names.map((value) => ({ value, label: tilesetName(lang, value) }))}
        onChange={(next: string[]) => desk.set({ sets: next.join(",") || null })}
      />
      <Select
        size="small"
        aria-label={t("services.colours")}
        value={chosen}
        options={known.map((one) => ({ value: one.style, label: lang === "zh" ? one.title_zh : one.title_en }))}
        onChange={(next: string | null) => desk.set({ style: next === FIRST_STYLE ? null : next })}
      />
      <RemoteNote remote={styles} />
      <ul className="services-list">
        {services.map((service) => (
          <AddressRow key={service.label} service={service} />
        ))}
      </ul>
      {tilesets.length > 0 && <OfflinePackage key={`${datum} ${tilesets.join()}`} tilesets={tilesets} datum={datum} />}
      <HowTo />
    </Panel>
  );
}

function AddressRow({ service: { label, address } }: { service: Service }) {
  const t = useText();
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<string | null>(null);
  return (
    <li>
      <label htmlFor={`address-${label}`}>{t(label)}</label>
      <div className="address">
        <input
          id={`address-${label}`}
          ref={field}
          readOnly
          value={address}
          onFocus={(event) => event.currentTarget.select()}
        />
        <Button
          size="small"
          aria-label={t("services.copyOf", { name: t(label) })}
          onClick={() =>
            void copy(address, field.current).then(
              () => setCopied(address),
              () => field.current?.select(),
            )
          }
        >
          {copied === address ? t("services.copied") : t("services.copy")}
        </Button>
      </div>
    </li>
  );
}

const CLIENTS = ["qgis", "ogc", "maplibre", "amap", "key"] as const;

function HowTo() {
  const t = useText();
  return (
    <details className="services-how">
      <summary>{t("services.how")}</summary>
      <dl>
        {CLIENTS.map((client) => (
          <div key={client}>
            <dt>{t(`services.${client}`)}</dt>
            <dd>{t(`services.how.${client}`)}</dd>
          </div>
        ))}
      </dl>
      <p className="note">
        {t("services.more")} <code>docs/how-to/use-it-in-your-gis.md</code> ·{" "}
        <a href="/docs" target="_blank" rel="noreferrer">
          {t("services.api")}
        </a>
      </p>
    </details>
  );
}
