import { useEffect, useRef } from "react";
import type { Contents, Delivered, KindCount } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { currentCity } from "../state/app";
import { useApp } from "../state/context";
import { formatLength, formatNumber, formatTime, formatValue, MISSING } from "../units";
import { groupCount, keyFigures } from "./contents";
import { Figure } from "./Figure";

interface ContentsSheetProps {
  contents: Contents;
  onKind(kind: KindCount): void;
  onClose(): void;
}

/** Everything that the city holds, over the map: counts by group, the network by level, and where each layer came from. */
export function ContentsSheet({ contents, onKind, onClose }: ContentsSheetProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    close.current?.focus();
    const leave = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    window.addEventListener("keydown", leave);
    return () => window.removeEventListener("keydown", leave);
  }, [onClose]);
  const name = lang === "zh" ? contents.name_zh : contents.name_en;
  return (
    <section className="panel sheet" role="dialog" aria-label={t("contents.all")}>
      <header className="panel-head">
        <h2>
          {t("contents.all")} · {name}
        </h2>
        {contents.synthetic && <span className="synthetic-line">{t("app.synthetic")}</span>}
        <button ref={close} type="button" className="more" onClick={onClose}>
          {t("app.close")}
        </button>
      </header>
      <div className="panel-body">
        <dl className="figures">
          {keyFigures(contents, t, lang).map(({ key, label, value }) => (
            <Figure key={key} label={label} value={value} />
          ))}
        </dl>
        <div className="groups">
          {contents.groups.map((group) => (
            <Group key={group.group} group={group} onKind={onKind} />
          ))}
          <Registers contents={contents} />
          <Levels contents={contents} />
        </div>
        <Provenance contents={contents} />
      </div>
    </section>
  );
}

function Group({ group, onKind }: { group: Contents["groups"][number]; onKind(kind: KindCount): void }) {
  const lang = useApp((state) => state.view.lang);
  return (
    <section className="group" aria-label={lang === "zh" ? group.name_zh : group.name_en}>
      <h3>
        {lang === "zh" ? group.name_zh : group.name_en}
        <b>{formatNumber(groupCount(group), 0, lang)}</b>
      </h3>
      <ul>
        {group.kinds.map((kind) => (
          <li key={kind.kind}>
            <button type="button" onClick={() => onKind(kind)}>
              <span>{lang === "zh" ? kind.name_zh : kind.name_en}</span>
              <b>{formatNumber(kind.count, 0, lang)}</b>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Registers have rows, not places of their own. */
function Registers({ contents }: { contents: Contents }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  if (contents.registers.length === 0) return null;
  const total = contents.registers.reduce((sum, one) => sum + one.count, 0);
  return (
    <section className="group" aria-label={t("contents.registers")}>
      <h3>
        {t("contents.registers")}
        <b>{formatNumber(total, 0, lang)}</b>
      </h3>
      <ul>
        {contents.registers.map((register) => (
          <li key={register.kind} className="plain">
            <span>{lang === "zh" ? register.name_zh : register.name_en}</span>
            <b>{formatNumber(register.count, 0, lang)}</b>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Levels({ contents }: { contents: Contents }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  if (contents.levels.length === 0) return null;
  return (
    <section className="group" aria-label={t("contents.supply")}>
      <h3>
        {t("contents.supply")}
        <b>{formatLength(contents.supply_length_m, lang)}</b>
      </h3>
      <ul>
        {contents.levels.map((level) => (
          <li key={level.level} className="plain">
            <span>{lang === "zh" ? level.name_zh : level.name_en}</span>
            <b>{formatLength(level.supply_length_m, lang)}</b>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Which file each layer came from, on which datum, what was done to it and when. */
function Provenance({ contents }: { contents: Contents }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const zone = useApp((state) => currentCity(state)?.zone ?? "UTC");
  const sources = [...contents.sources].sort((a, b) => b.row_count - a.row_count);
  return (
    <section className="provenance" aria-label={t("contents.provenance")}>
      <h3>{t("contents.provenance")}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("contents.file")}</th>
            <th scope="col" className="number">
              {t("contents.rows")}
            </th>
            <th scope="col">{t("contents.datum")}</th>
            <th scope="col">{t("contents.operation")}</th>
            <th scope="col">{t("contents.imported")}</th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => (
            <SourceRow key={source.layer} source={source} zone={zone} />
          ))}
          {contents.rasters.map((raster) => (
            <tr key={raster.layer}>
              <td>
                {raster.layer}
                <small>{t("contents.raster")}</small>
              </td>
              <td className="number">{MISSING}</td>
              <td>{raster.style}</td>
              <td>{raster.attribution}</td>
              <td className="time">{formatTime(Date.parse(raster.added_at), zone, lang)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="note">{contents.attribution}</p>
      <p className="note">
        {t("contents.counted", { time: formatTime(Date.parse(contents.counted_at), zone, lang) })}
        {contents.counted_version < contents.assets_version && ` · ${t("contents.behind")}`}
      </p>
    </section>
  );
}

function SourceRow({ source, zone }: { source: Delivered; zone: string }) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const accuracy = source.accuracy_m === null ? null : formatValue(source.accuracy_m, "m", lang);
  return (
    <tr>
      <td>
        {source.file}
        <small>{lang === "zh" ? source.kind_zh : source.kind.replaceAll("_", " ")}</small>
      </td>
      <td className="number">
        {formatNumber(source.row_count, 0, lang)}
        {source.rejected_count > 0 && (
          <small className="rejected">
            {t("contents.rejected", { count: formatNumber(source.rejected_count, 0, lang) })}
          </small>
        )}
      </td>
      <td title={source.evidence ?? undefined}>
        {source.datum ?? MISSING}
        {source.evidence !== null && <small>{source.evidence}</small>}
      </td>
      <td>
        {source.operation ?? MISSING}
        {accuracy !== null && <small>{t("contents.accuracy", { value: accuracy })}</small>}
      </td>
      <td className="time">{formatTime(Date.parse(source.imported_at), zone, lang)}</td>
    </tr>
  );
}
