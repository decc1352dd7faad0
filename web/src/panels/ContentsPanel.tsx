import type { Contents, KindCount } from "../api/shapes";
import { useText } from "../i18n/hooks";
import { useApp, useParts } from "../state/context";
import { arrived, type Remote } from "../state/remote";
import { formatNumber } from "../units";
import { keyFigures } from "./contents";
import { Figure } from "./Figure";
import { KindList } from "./KindList";
import { Panel } from "./Panel";
import { RemoteNote } from "./RemoteNote";

const SHOWN = ["supply", "users", "area", "findings"];

interface ContentsPanelProps {
  contents: Remote<Contents>;
  /** The kind whose assets are listed. */
  kind: KindCount | null;
  onOpen(): void;
  onBack(): void;
}

/** What this city holds, in four figures; the whole of it opens over the map. */
export function ContentsPanel({ contents, kind, onOpen, onBack }: ContentsPanelProps) {
  const t = useText();
  const lang = useApp((state) => state.view.lang);
  const found = arrived(contents);
  if (kind !== null) return <KindList kind={kind} onBack={onBack} />;
  const total = found === null ? null : <span className="count">{formatNumber(found.asset_count, 0, lang)}</span>;
  return (
    <Panel title={t("contents.title")} className="contents" extra={total}>
      <RemoteNote remote={contents} />
      {found !== null && (
        <>
          <dl className="figures">
            {keyFigures(found, t, lang)
              .filter(({ key }) => SHOWN.includes(key))
              .map(({ key, label, value }) => (
                <Figure key={key} label={label} value={value} />
              ))}
          </dl>
          <button type="button" className="more" onClick={onOpen}>
            {t("contents.open", { count: found.sources.length + found.rasters.length })}
          </button>
          <WorkLinks />
        </>
      )}
    </Panel>
  );
}

const LINKS = ["arrivals", "problems", "statistics", "coverage", "datums", "changes", "services"] as const;

/** Ways into the work bench. */
function WorkLinks() {
  const t = useText();
  const { desk } = useParts();
  return (
    <ul className="work-links" aria-label={t("work.title")}>
      {LINKS.map((panel) => (
        <li key={panel}>
          <button type="button" className="more" onClick={() => desk.open(panel)}>
            {t(`${panel}.title`)}
          </button>
        </li>
      ))}
    </ul>
  );
}
